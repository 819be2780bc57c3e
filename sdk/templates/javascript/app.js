// Greets whoever asks: `GET /NAME`. The engine makes `wasi:http/incoming-handler` of the event `fetch`.
//
// `insula dev` serves it, `insula build` makes target/{{name}}.wasm of it: build.mjs calls ComponentizeJS, which runs
// this module once up to here and keeps its memory. The packages are npm's, pinned by package-lock.json.
import { getEnvironment } from 'wasi:cli/environment@0.2.10';

addEventListener('fetch', (event) => event.respondWith(greet(event.request)));

// The word is the variable GREETING of deploy.yaml.
function greet(request) {
  const word = new Map(getEnvironment()).get('GREETING') ?? 'Hello';
  const name = decodeURIComponent(new URL(request.url).pathname.slice(1)) || 'world';
  return new Response(`${word}, ${name}!\n`);
}
