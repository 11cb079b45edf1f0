/** A question or a text field in a dialog in, the reader's answer out. AskDialog.svelte shows it. */

export type Question = {
  title: string;
  text?: string;
  /** The start of a text to ask for; without it the answer is yes or no. */
  value?: string;
  confirm: string;
  danger?: boolean;
};

class Asking {
  question = $state.raw<Question | null>(null);
  #answer: (value: string | null) => void = () => {};

  /** The text (or "" for a plain yes); null when the reader thought better of it. */
  ask(question: Question): Promise<string | null> {
    this.#answer(null);
    this.question = question;
    return new Promise((resolve) => (this.#answer = resolve));
  }

  answer(value: string | null): void {
    this.question = null;
    this.#answer(value);
    this.#answer = () => {};
  }
}

export const asking = new Asking();
