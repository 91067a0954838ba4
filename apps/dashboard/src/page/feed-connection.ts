import type { ClientMessage, ServerMessage } from '@deadpan/shared';

import { ApiError, api, token } from './api.js';

/** Whether the page is connected; where no more, when it tries again (milliseconds, `performance.now()`). */
export type Connection =
  { readonly state: 'connecting' | 'connected' } | { readonly state: 'lost'; readonly retryAt: number };

/** The WebSocket of the page, which comes back by itself. */
export interface FeedConnection {
  /** Says something now, where connected; what must be said at each connection belongs into `onConnect`. */
  say(message: ClientMessage): void;
  /** Tries at once instead of waiting. */
  retry(): void;
}

/** What {@link connectFeed} tells. */
export interface FeedListener {
  onConnect(connection: FeedConnection): void;
  onMessage(message: ServerMessage): void;
  onChange(connection: Connection): void;
}

/** The first and the longest wait between two tries, in milliseconds. */
const WAIT = { first: 500, most: 10_000 };

/** Connects, and connects again after each loss: half a second to ten, doubling, with jitter so that pages do not come all at once. */
export function connectFeed(listener: FeedListener): FeedConnection {
  let socket: WebSocket | undefined;
  let tries = 0;
  let timer = 0;

  function open(): void {
    window.clearTimeout(timer);
    const held = token.get();
    const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/live`;
    const opened = new WebSocket(url, held === null ? ['deadpan.v1'] : ['deadpan.v1', `bearer.${held}`]);
    socket = opened;
    let hasOpened = false;
    opened.onopen = () => {
      hasOpened = true;
      tries = 0;
      listener.onConnect(connection);
    };
    opened.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as ServerMessage;
      listener.onMessage(message);
      // The greeting comes first; what is asked for from here on is asked for by the server's clock.
      if (message.type === 'hello') listener.onChange({ state: 'connected' });
    };
    opened.onclose = () => {
      if (socket !== opened) return;
      if (!hasOpened) void askTokenWhereRefused();
      const wait = Math.min(WAIT.most, WAIT.first * 2 ** tries) * (0.5 + Math.random() / 2);
      tries += 1;
      listener.onChange({ state: 'lost', retryAt: performance.now() + wait });
      timer = window.setTimeout(open, wait);
    };
  }

  /** A browser does not say why it could not connect, and HTTP does. A page that begins anew asks for a token. */
  async function askTokenWhereRefused(): Promise<void> {
    const refused = await api.about().then(
      () => false,
      (error: unknown) => error instanceof ApiError && error.status === 401,
    );
    if (refused) location.reload();
  }

  const connection: FeedConnection = {
    say(message) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    },
    retry() {
      if (socket?.readyState === WebSocket.OPEN || socket?.readyState === WebSocket.CONNECTING) return;
      open();
    },
  };
  window.addEventListener('online', () => {
    connection.retry();
  });
  open();
  return connection;
}
