/** Every text of the page that code needs by name: one table, so that one place has to change. */

export const t = {
  appName: "mlx-relay",
  copy: "Copy",
  copied: "Copied",
  close: "Close",
  cancel: "Cancel",
  save: "Save",
  delete: "Delete",
  retry: "Try again",
  loading: "Loading…",
  thinking: "Thinking...",
  thought: "Thought",
  thoughtFor: (duration: string) => `Thought for ${duration}`,
  stopped: "stopped",
  noResponse: "The model stopped after thinking, without an answer.",
  announceThinking: "The model is thinking",
  announceAnswer: "Answer started",
  announceDone: "Answer complete",
  announceStopped: "Answer stopped",
} as const;
