import { contextCacheSymbol } from '@pothos/core';

/**
 * Returns a function that makes something once for each request, for all of its mutations together. It does what Pothos'
 * `createContextCache` does, but what is made stands on the request and goes with it, while a weak map would keep it (see `ahead.ts`).
 */
export function perRequest<Context extends object, Made extends object>(
  make: (context: Context) => Made,
): (context: Context) => Made {
  const place = Symbol();
  return (context: Context & { [contextCacheSymbol]?: object }) => {
    const places: { [place]?: Made } = context[contextCacheSymbol] ?? context;
    const made = places[place] ?? make(context);
    places[place] = made;
    return made;
  };
}
