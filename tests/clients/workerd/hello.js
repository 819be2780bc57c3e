// What samples/languages/javascript answers, for the peer of `cargo xtask bench javascript`.
addEventListener('fetch', (event) => event.respondWith(hello(event.request)));

function hello(request) {
  const { pathname, search } = new URL(request.url);
  return new Response(`Hello world, from JavaScript! You asked for ${pathname}${search}\n`);
}
