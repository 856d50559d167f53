/**
 * The page's one socket, as far as it is about people: notices, and what is said where one listens.
 *
 * Whoever keeps the socket (`socket.js`) hands it over here whenever it is open, and brings what it
 * hears. Docs: docs/lobby-socket.md.
 */

let socket = null;
const ears = new Map(); // kind of message → functions; "open" whenever there is a new socket

/** Calls `hear` with each message of this kind; returns what ends that. */
export function on(kind, hear) {
  if (!ears.has(kind)) ears.set(kind, new Set());
  ears.get(kind).add(hear);
  if (kind === "open" && socket) hear({});
  return () => ears.get(kind).delete(hear);
}

/** Says something; false if there is no socket just now. */
export function send(message) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(message));
  return true;
}

export function heard(message) {
  for (const hear of [...(ears.get(message.t) ?? [])]) hear(message);
}

export function attach(opened) {
  socket = opened;
  heard({ t: "open" });
}

export function detach(closed) {
  if (socket !== closed) return;
  socket = null;
  heard({ t: "lost" });
}
