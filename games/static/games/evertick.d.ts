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
  /** Ids of rows that only came into this seat's sight, by the dotted path of their table. */
  readonly entered: Readonly<Record<string, ReadonlySet<string>>>;
  /** … and of those that only left it. */
  readonly left: Readonly<Record<string, ReadonlySet<string>>>;
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

export interface Drift {
  readonly view: "shared" | "own";
  readonly tick: number;
  /** The fingerprint was another, or a change did not fit. */
  readonly reason: "hash" | "change";
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
  /** A view was another than the room's; it was asked for again. */
  drift: (drift: Drift) => void;
}

/** How a column goes from one state to the next. */
export type Mode = "snap" | "lerp" | "extrapolate" | "angle";

export interface TrackOptions {
  /** How far in the past the rows are shown; measured if absent. */
  delayMs?: number;
  /** What went further than this did not go there: it jumps. Over all columns that glide. */
  jump?: number;
  /** The full circle of an "angle", or of each; as declared if absent, else 2π. */
  turn?: number | Record<string, number>;
  /** How many milliseconds "extrapolate" goes on without news; 150 if absent. */
  aheadMs?: number;
}

/** Rows of the state, as they are on the screen. Made by `Room.track`. */
export interface Track<Row = any> {
  /** By id; not to be changed. `now` is the frame's timestamp, or this very moment. */
  at(now?: number): Readonly<Record<string, Row>>;
  /** The room's time that is on the screen, in periods. */
  readonly time: number;
  /** How far in the past that is, in milliseconds. */
  readonly delay: number;
  /** How much is known beyond it, in milliseconds. */
  readonly buffer: number;
  /** The tick of the state that is nearest to it. */
  readonly tick: number;
  stop(): void;
}

export interface PredictOptions<Own = any, State = any, Secret = any, Input = any> {
  /**
   * The room's word on what is ours; null where nothing is. If it looks at the secret, that counts
   * as of the secret's last change, else as of the last tick.
   */
  read: (secret: Secret | null, state: State) => Own | null;
  /** What an input makes of it, as a new object; called again for the same input. */
  step: (own: Own, input: Input) => Own;
  /** The room moves what is ours once in each tick, by the last input, not once for each input. */
  ticking?: boolean;
  /** Milliseconds in which an error vanishes from the screen; 120 if absent. */
  easeMs?: number;
  /** What glides on the screen; every number if absent. */
  smooth?: Record<string, "snap" | "lerp" | "angle">;
  /** The full circle of an "angle", or of each; 2π if absent. */
  turn?: number | Record<string, number>;
  /** An error further than this is a teleport, and is not eased. */
  jump?: number;
  /** Smaller differences are no corrections. */
  tolerance?: number;
}

/** What is ours, shown before the room has answered. Made by `Room.predict`. */
export interface Predictor<Own = any, Input = any> {
  /** How many inputs are due, of one a period; for titles that send one in each. */
  due(now?: number): number;
  /** Sends an input, as `Room.send` does, and carries it out here. */
  send(input: Input): Promise<Settlement>;
  /** To be drawn; null where nothing is ours. */
  own(now?: number): Own | null;
  /** The present prediction, exactly. */
  readonly predicted: Own | null;
  /** The room's last word. */
  readonly authority: Own | null;
  /** How many inputs are not in it. */
  readonly unsettled: number;
  /** How often the room came to something else, and how far off that was. */
  readonly corrections: { readonly count: number; readonly last: number; readonly max: number };
  stop(): void;
}

/** Counted since the page was loaded. */
export interface Stats {
  /** Milliseconds of a round trip, smoothed. */
  readonly rtt: number | null;
  /** Milliseconds by which states come unevenly, smoothed. */
  readonly jitter: number;
  /** Milliseconds that the room's clock here is still off from what is known. */
  readonly clock: number;
  /** Milliseconds that tracks are in the past; 0 without. */
  readonly delay: number;
  /** Milliseconds that are known beyond that. */
  readonly buffer: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly framesIn: number;
  readonly framesOut: number;
  /** How many inputs of this seat the last tick found waiting; 1 is the ideal. */
  readonly inbox: number | null;
  readonly unsettled: number;
  /** How often a prediction was wrong, … */
  readonly corrections: number;
  /** … and how far off the last time. */
  readonly correction: number;
  /** How often this page's view was found to differ from the room's. */
  readonly drifts: number;
  /** How often the server wanted another socket, and got it. */
  readonly moves: number;
  /** Frames that the simulated weather lost, to come late. */
  readonly lost: number;
}

/** The network's weather, simulated. */
export interface Weather {
  /** Milliseconds more for a round trip. */
  readonly latency: number;
  /** Up to so many milliseconds more for each frame. */
  readonly jitter: number;
  /** The share of frames that come late because they were lost. */
  readonly loss: number;
}

/** The world of a page; another one for tests. */
export interface Environment {
  WebSocket: new (url: string, protocols: string[]) => WebSocket;
  now: () => number;
  setTimeout: (call: () => void, ms: number) => any;
  clearTimeout: (timer: any) => void;
  random: () => number;
  /** Tells when it is online or looked at again; null outside of pages. */
  page: (EventTarget & { readonly document?: Document; readonly location?: Location }) | null;
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
  /** What was counted and measured. */
  get stats(): Stats;

  /** Calls `handler` at each event of this name; the answer ends it. */
  on<Name extends keyof RoomEvents>(name: Name, handler: RoomEvents<State, Input>[Name]): () => void;
  /** … when the state is another, but for the time; `previous` is undefined at first. */
  on(name: "change", handler: (state: State, previous: State | undefined) => void): () => void;
  /** … when the value at a dotted path is another; undefined where there is none. */
  on(name: "change", path: string, handler: (value: any, previous: any) => void): () => void;
  /** … when a row came to a table, map or list; `entered`: it only came into this seat's sight. */
  on(
    name: "add",
    path: string,
    handler: (row: any, id: string, how: { readonly entered: boolean }) => void,
  ): () => void;
  /** … when a row went; `left`: it only left this seat's sight. */
  on(
    name: "remove",
    path: string,
    handler: (row: any, id: string, how: { readonly left: boolean }) => void,
  ): () => void;
  /**
   * Follows a table, a map or a list of rows, to show them moving smoothly. Columns that are not
   * named go as they are declared (fixed: lerp, angle: angle), else they snap.
   */
  track<Row = any>(path: string, modes?: Record<string, Mode>, options?: TrackOptions): Track<Row>;
  /** Carries the own inputs out here at once; what the room says of them corrects that. */
  predict<Own = any>(options: PredictOptions<Own, State, Secret, Input>): Predictor<Own, Input>;
  /**
   * Asks the room for something; kept until it is settled, and carried out at most once.
   *
   * Codes of the client's own: `match_over`, `closed`, `spectators_send_nothing`, `unknown`. Rejects
   * with a `SendError` what cannot be sent. `seen`: the tick that the player was looking at; the
   * one on the screen if absent, where something is tracked.
   */
  send(data: Input, options?: { seen?: number }): Promise<Settlement>;
  /** Gives the seat up for good. */
  leave(): Promise<void>;
  /** Closes the connection; the seat stays ours until the grace time is over. */
  close(): void;

  /** Shows the panel for those who make games, or hides it. */
  debug(): Promise<void>;
  get weather(): Weather;
  /** What is absent stays as it is. */
  set weather(change: Partial<Weather>);
  /** Cuts the connection; `silent`: nobody is told, only nothing passes. */
  cut(ms?: number, options?: { silent?: boolean }): void;
}

/** Why a `send` was rejected; what the room refuses does not reject. */
export class SendError extends Error {
  constructor(code: SendError["code"], message: string, options?: { cause?: unknown });
  readonly name: "SendError";
  readonly code: "too_many_unsettled" | "invalid";
}
