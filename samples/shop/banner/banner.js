// `banner`: the first line of the page of orders, in JavaScript.
addEventListener('fetch', (event) => event.respondWith(banner()));

function banner() {
  const title = 'orders of the book shop';
  return new Response(`${title.toUpperCase()}\n`, { headers: { 'content-type': 'text/plain' } });
}
