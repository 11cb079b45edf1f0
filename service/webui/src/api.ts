/** Calls of the relay's JSON API: a method, a path and a body in; the answer, or an ApiError, out. */

/** The relay refused, or could not be reached (then *status* is 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

const UNREACHABLE = "The relay cannot be reached. Is it running, and are you online?";

/** What to do when the session cannot be renewed; the application puts the login page here. */
let signedOut: () => void = () => {};

export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

/** The parsed answer of *method* *path*; undefined when the answer has no body. */
export async function request<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const response = await send(method, path, body, signal);
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** The response of *method* *path* with its body unread: for streams and downloads. Throws ApiError when it is not 2xx. */
export async function send(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  headers: Record<string, string> = {},
): Promise<Response> {
  let response = await reach(method, path, body, signal, headers);
  if (response.status === 401 && !path.startsWith("/api/auth/log") && (await renewed())) {
    response = await reach(method, path, body, signal, headers);
  }
  if (response.ok) return response;
  const error = await apiError(response);
  if (response.status === 401 && path !== "/api/auth/login") signedOut();
  throw error;
}

/** Browsers let requests of 64 kB in all outlive their page. */
const KEEPALIVE_BYTES = 60_000;

async function reach(
  method: string,
  path: string,
  body: unknown,
  signal?: AbortSignal,
  more: Record<string, string> = {},
): Promise<Response> {
  // The relay takes a cookie for a request that changes something only with this content type.
  const headers = { "Content-Type": "application/json", ...more };
  const text = body === undefined ? undefined : JSON.stringify(body);
  const call = (keepalive: boolean) =>
    fetch(path, { method, headers, body: text, signal, keepalive, credentials: "same-origin" });
  try {
    // What is put is to be kept, also when the page goes away meanwhile.
    if (method !== "PUT" || !isSmall(text ?? "")) return await call(false);
    // Those under way may leave no room for another.
    return await call(true).catch(() => call(false));
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "unreachable", UNREACHABLE);
  }
}

function isSmall(text: string): boolean {
  // UTF-8 is never shorter than UTF-16 has units.
  return text.length <= KEEPALIVE_BYTES && new TextEncoder().encode(text).length <= KEEPALIVE_BYTES;
}

let renewal: Promise<boolean> | null = null;

/** Whether the session could be renewed. Calls that fail together share one renewal. */
function renewed(): Promise<boolean> {
  renewal ??= reach("POST", "/api/auth/refresh", {})
    .then(async (response) => {
      // A body that nobody reads keeps its connection, and a browser has six.
      await response.arrayBuffer();
      return response.ok;
    })
    .finally(() => {
      renewal = null;
    });
  return renewal;
}

type ErrorBody = { error?: { code?: string; message?: string; request_id?: string } };

async function apiError(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as ErrorBody;
  const { code, message, request_id } = body.error ?? {};
  return new ApiError(
    response.status,
    code ?? `http_${response.status}`,
    message ?? `The relay answered with HTTP ${response.status}.`,
    request_id ?? response.headers.get("X-Request-Id"),
  );
}
