/**
 * Asks the REST API; every other module goes through here.
 *
 * What the server refuses becomes an `ApiError` with the code, the message for people, and what was
 * wrong with each field. No network is one as well, with the code `offline`.
 */

export class ApiError extends Error {
  constructor(status, { code = "error", message = "Something went wrong.", fields = {} } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields ?? {};
  }
}

/** Who is signed in on this page: `{id, name, guest}`, or null. */
export const me = readMe(document.body.dataset);

function readMe({ user, userName, userGuest }) {
  return user ? { id: user, name: userName, guest: userGuest === "true" } : null;
}

export const isMe = (user) => me !== null && String(user?.id) === me.id;

/**
 * One request; resolves to the JSON of the answer, or null where there is none.
 * Rejects with `ApiError`.
 */
export async function request(method, path, body, { signal } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const options = { method, headers, signal, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) options.body = JSON.stringify(body);
  let answer;
  try {
    answer = await fetch(`/api/${path}`, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { code: "offline", message: "The server cannot be reached just now." });
  }
  const data = await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, data?.error ?? unnamed(answer));
  return data;
}

export const get = (path, options) => request("GET", path, undefined, options);
export const post = (path, body = {}) => request("POST", path, body);
export const remove = (path) => request("DELETE", path);
export const patch = (path, body) => request("PATCH", path, body);

/** Makes sure that somebody is signed in: a visitor becomes a guest. */
export async function signedIn() {
  if (me === null) await post("auth/guest/", { session: true });
}

/** Signing in changes the token while the page stays, so the cookie is newer than the page. */
function csrfToken() {
  const cookie = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
  return cookie?.[1] ?? document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

function unnamed(answer) {
  if (answer.status === 429)
    return { code: "throttled", message: "Too many requests; wait a moment." };
  return { message: `The server answered ${answer.status}.` };
}
