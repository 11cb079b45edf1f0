/** The events of a chat stream, written by `npm run event-types` from events.schema.json. */

/** The stream is open; nothing was asked of the upstream yet. */
export interface Start {
  type: "start";
  stream_id: string;
  profile: string;
  model: string;
}

/** Something slow happens before the first token; *position* counts from 1 in the queue. */
export interface Status {
  type: "status";
  phase: "queued" | "waiting";
  position?: number;
}

/** A piece of reasoning; *content* is never empty. */
export interface Thinking {
  type: "thinking";
  content: string;
}

/** A reasoning block ended; *duration* in seconds, monotonic clock, one decimal. */
export interface ThinkingDone {
  type: "thinking_done";
  duration: number;
}

/** A piece of the answer; *content* is never empty. */
export interface Response {
  type: "response";
  content: string;
}

/** One complete call; *arguments* is JSON text. */
export interface ToolCall {
  type: "tool_call";
  index: number;
  id: string;
  name: string;
  arguments: string;
}

/** Token counts as the upstream reported them; what it did not send is absent. */
export interface Usage {
  type: "usage";
  prompt_tokens?: number;
  completion_tokens?: number;
  total_tokens?: number;
  reasoning_tokens?: number;
}

/** Terminal: the stream failed. *content* is a sentence for a person. */
export interface Error {
  type: "error";
  content: string;
  code: string;
  retryable: boolean;
  detail?: string;
}

/** Terminal: the upstream finished. */
export interface Done {
  type: "done";
  finish_reason: "length" | "stop" | "tool_calls" | "unknown";
  usage?: UsageCounts;
}

/** The counts of a ``Usage`` event as they stand inside ``Done``. */
export interface UsageCounts {
  prompt_tokens?: number;
  completion_tokens?: number;
  total_tokens?: number;
  reasoning_tokens?: number;
}

/** One event of a chat stream, as it stands in a data: line. */
export type WireEvent =
  | Start
  | Status
  | Thinking
  | ThinkingDone
  | Response
  | ToolCall
  | Usage
  | Error
  | Done;
