// Answers every request with one line. The engine makes `wasi:http/incoming-handler` of the event `fetch`.
import { getEnvironment } from 'wasi:cli/environment@0.2.10';

addEventListener('fetch', (event) => event.respondWith(hello(event.request)));

function hello(request) {
  const name = new Map(getEnvironment()).get('NAME') ?? 'world';
  const { pathname, search } = new URL(request.url);
  return new Response(`Hello ${name}, from JavaScript! You asked for ${pathname}${search}\n`);
}
