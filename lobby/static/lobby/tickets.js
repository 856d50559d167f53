/**
 * Tickets: to begin to wait for a match, and where that leads.
 */

import { post } from "./api.js";

export const matchUrl = (ticket) => `/play/${encodeURIComponent(ticket.match)}/`;

/** Begins to wait, and goes to the page that shows it; also where one waits already. */
export async function waitFor(title, mode) {
  try {
    await post("matchmaking/tickets/", { title, mode });
  } catch (error) {
    if (error.code !== "already_waiting") throw error;
  }
  location.assign("/wait/");
}
