import { plainHngNetwork, skipHngNetwork, type Network } from '@deadpan/nets';
import type { HngRecipe } from '../recipe.js';

/** The generator that a recipe names. */
export function hngNetworkNamed(name: HngRecipe['network']): Network {
  switch (name) {
    case 'skip':
      return skipHngNetwork();
    case 'plain-64':
      return plainHngNetwork(64);
    case 'plain-32':
      return plainHngNetwork(32);
  }
}
