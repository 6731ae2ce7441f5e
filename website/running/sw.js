// Lets a page that was run run again without a network. Python's files never change under one address, so they come from
// the cache; everything else from the network while there is one. A new release has another version, and takes all over.
const VERSION = "@VERSION@";
const SCOPE = new URL(registration.scope).pathname;
const OURS = `backpropagation-you-can-run ${SCOPE} `;

addEventListener("install", () => skipWaiting());

addEventListener("activate", (event) =>
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== OURS + VERSION);
      await Promise.all(old.map((name) => caches.delete(name)));
      await clients.claim();
    })(),
  ),
);

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || !url.pathname.startsWith(SCOPE)) return;
  const kept = () => caches.match(request.url.split("#")[0], { cacheName: OURS + VERSION, ignoreVary: true });
  const constant = url.pathname.startsWith(`${SCOPE}_static/python/${VERSION}/`);
  event.respondWith(
    (async () => {
      const found = constant && (await kept());
      if (found) return found;
      try {
        return await fetch(request);
      } catch (error) {
        return (await kept()) ?? Promise.reject(error);
      }
    })(),
  );
});
