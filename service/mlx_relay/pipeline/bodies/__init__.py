"""The text of a call in; its name and arguments out. One module for each way to write them."""
