/** What the relay says of itself to the page: `GET /api/config`. */
import { request } from "./api";

export type Config = {
  version: string;
  conversations: boolean;
  resumable: boolean;
  max_body_bytes: number;
  max_attachments: number;
  image_types: string[];
  heartbeat_seconds: number;
};

export function loadConfig(): Promise<Config> {
  return request<Config>("GET", "/api/config");
}
