// Follows the feed of "deadpan live" or of the service "feed" and prints one line per window. Needs nothing of Deadpan but
// the feed: npm install ws.
//
//   node examples/follow-feed.mjs [--url ws://127.0.0.1:8080/v1/live] [--token TOKEN] [--camera NAME] [--limit 10]
//
// The token may also come from the variable FEED_TOKEN. A lost connection is taken up again.
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { WebSocket } from 'ws';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'ws://127.0.0.1:8080/v1/live' },
    token: { type: 'string', default: process.env.FEED_TOKEN },
    camera: { type: 'string', multiple: true },
    limit: { type: 'string' },
  },
});
const limit = values.limit === undefined ? Infinity : Number(values.limit);
const RETRY_MS = 2000;

let windows = 0;
while (windows < limit) {
  const reason = await follow();
  if (windows >= limit) break;
  console.error(`${reason}; trying again in ${RETRY_MS / 1000} s`);
  await setTimeout(RETRY_MS);
}

/** Resolves with the reason why the connection ended. */
function follow() {
  const headers = values.token === undefined ? {} : { authorization: `Bearer ${values.token}` };
  const socket = new WebSocket(values.url, { headers });
  return new Promise((resolve) => {
    socket.on('open', () => {
      const cameras = values.camera === undefined ? {} : { cameras: values.camera };
      socket.send(JSON.stringify({ type: 'subscribe', types: ['emotion', 'status'], ...cameras }));
    });
    socket.on('message', (data) => {
      show(JSON.parse(data.toString()));
      if (windows >= limit) socket.close();
    });
    socket.on('unexpected-response', (_request, response) => {
      // The token or the origin is wrong: trying again would not help.
      console.error(`The feed refused: ${response.statusCode} ${response.statusMessage}.`);
      process.exit(1);
    });
    socket.on('error', (error) => resolve(error.message));
    socket.on('close', (code) => resolve(`The connection was closed (${code})`));
  });
}

function show(message) {
  if (message.type === 'emotion') {
    windows += 1;
    const share = Math.round(100 * message.probabilities[message.expression]);
    console.log(
      `${message.at}  ${message.camera}  ${message.track}  ${message.expression} ${share} %  intensity ${message.intensity}`,
    );
  } else if (message.type === 'gap') {
    console.error(`This program is too slow: it missed ${message.missed} messages.`);
  } else if (message.type === 'error') {
    console.error(message.message);
  }
}
