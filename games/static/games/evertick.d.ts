/**
 * The types of `evertick.js`, for editors and for clients written in TypeScript.
 *
 * A title names its own shapes: `State` is what its `view` answers, `Secret` what its `secret` does,
 * `Input` what it takes.
 *
 * ```ts
 * const room = join<{ stones: number; turn: number }, never, { t: "take"; stones: number }>({ match, getTicket });
 * ```
 */

/** "closed" is for good; from the others the room comes back by itself. */
export type Status = "connecting" | "live" | "reconnecting" | "closed";

/** "paused": time stands still until somebody who is missing is back. */
export type Phase = "playing" | "paused" | "over";

export interface Seat {
  readonly name: string;
  /** Who sits there: a player, one who lost the connection, a bot, or nobody any more. */
  readonly status: "here" | "away" | "bot" | "gone";
  /** Room time up to which an absent player is waited for; see `Room.secondsUntil`. */
  readonly until: number | null;
}

export interface Result {
  /** Groups of seats, best first; seats of one group tied. */
  readonly ranking: readonly (readonly number[])[];
  /** A code: one of the title's, or `left`, `kicked`, `forfeit`, `everyone_left`. */
  readonly reason: string;
}

export interface StateInfo {
  readonly tick: number;
  /** The room's time at this tick, in periods. */
  readonly time: number;
  /** When it arrived, on the scale of `performance.now()`. */
  readonly at: number;
  /** Inputs up to this number are settled in this state. */
  readonly settled: number;
}

/** What became of an input. */
export interface Settlement {
  /** Its number; null if it was never sent. */
  readonly seq: number | null;
  /** Why it was not carried out; null if it was. */
  readonly refused: string | null;
}

export interface Refusal<Input = any> {
  readonly seq: number;
  readonly code: string;
  /** What had been sent. */
  readonly data: Input;
}

export interface RoomError {
  readonly code: string;
  readonly message: string;
  /** Whether the room is closed by it. */
  readonly fatal: boolean;
}

/** How a room ended for this page. */
export interface Closed {
  /** The socket's close code; null if it was closed from here. */
  readonly close: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** What is told with a status. */
export interface StatusDetail extends Partial<Closed> {
  /** While connecting again: when the next attempt is, on the scale of `performance.now()`. */
  readonly retryAt?: number;
}

/** The events of a room, by name. */
export interface RoomEvents<State = any, Input = any> {
  /** The first state is there. */
  ready: () => void;
  /** The view or this seat's secret changed, or time moved; `previous` is null at first. */
  state: (state: State, previous: State | null, info: StateInfo) => void;
  seats: (seats: Readonly<Record<string, Seat>>) => void;
  phase: (phase: Phase) => void;
  result: (result: Result) => void;
  /** `detail`: `retryAt` while connecting again; `close` and `error` when closed. */
  status: (status: Status, detail: StatusDetail) => void;
  /** An input was not carried out. */
  refused: (refusal: Refusal<Input>) => void;
  error: (error: RoomError) => void;
  /** Milliseconds of a round trip, smoothed. */
  rtt: (ms: number) => void;
}

/** The world of a page; another one for tests. */
export interface Environment {
  WebSocket: new (url: string, protocols: string[]) => WebSocket;
  now: () => number;
  setTimeout: (call: () => void, ms: number) => any;
  clearTimeout: (timer: any) => void;
  random: () => number;
  /** Tells when it is online or looked at again; null outside of pages. */
  page: (EventTarget & { readonly document?: Document }) | null;
}

export interface JoinOptions {
  /** Id of the match. */
  match: string;
  /**
   * Fetches a ticket; called at the first connection and whenever the room wants a new one. An
   * error with `fatal: true` ends the session, others are tried again.
   */
  getTicket: () => Promise<string>;
  /** "msgpack" if absent; JSON is for reading along. */
  encoding?: "msgpack" | "json";
  /** Of the WebSocket; this page's host if absent. */
  url?: string;
  env?: Partial<Environment>;
}

/** Joins a match; connecting begins at once, and the room is there before it is live. */
export function join<State = any, Secret = any, Input = any>(
  options: JoinOptions,
): Room<State, Secret, Input>;

/** One match as this page sees it. Made by `join`. */
export class Room<State = any, Secret = any, Input = any> {
  constructor(options: JoinOptions);

  /** The title's view; null before "ready". Never changed in place. */
  get state(): State | null;
  /** What only this seat may see, or null. */
  get secret(): Secret | null;
  /** By seat number. */
  get seats(): Readonly<Record<string, Seat>>;
  get phase(): Phase | null;
  get result(): Result | null;
  /** What was chosen about the match. */
  get settings(): Readonly<Record<string, any>>;
  /** This player's seat; null for a spectator. */
  get seat(): number | null;
  /** The title's registered name. */
  get title(): string | null;
  /** The match's id. */
  get match(): string | null;
  /** Periods a second, the unit of time. */
  get hz(): number | null;
  /** Whether there is a tick in each period. */
  get realtime(): boolean | null;
  /** Of the state; -1 before "ready". */
  get tick(): number;
  /** When the state is of, which may be long ago in a turn room. */
  get info(): StateInfo | null;
  /** Milliseconds of a round trip, smoothed. */
  get rtt(): number | null;
  get status(): Status;
  /** How it ended; null while it has not. */
  get closed(): Closed | null;
  /** Inputs sent and not yet settled. */
  get unsettled(): number;

  /** What time it is in the room now, estimated, in periods; stands still unless it is playing. */
  time(): number;
  /** Seconds from now until the room's time is `time`, as for a seat's `until`; at least 0. */
  secondsUntil(time: number): number;
  /** Calls `handler` at each event of this name; the answer ends it. */
  on<Name extends keyof RoomEvents>(name: Name, handler: RoomEvents<State, Input>[Name]): () => void;
  /**
   * Asks the room for something; kept until it is settled, and carried out at most once.
   *
   * Codes of the client's own: `match_over`, `closed`, `spectators_send_nothing`, `unknown`. Rejects
   * with a `SendError` what cannot be sent.
   */
  send(data: Input): Promise<Settlement>;
  /** Gives the seat up for good. */
  leave(): Promise<void>;
  /** Closes the connection; the seat stays ours until the grace time is over. */
  close(): void;
}

/** Why a `send` was rejected; what the room refuses does not reject. */
export class SendError extends Error {
  constructor(code: SendError["code"], message: string, options?: { cause?: unknown });
  readonly name: "SendError";
  readonly code: "too_many_unsettled" | "invalid";
}
