// What the clients of all generations share: who they are, and how a method becomes a call.
import type { Generation, Market } from '@till/protocol/codes';
import type { Operations } from '@till/protocol/shape';
import { Calls } from './calls.ts';
import type { ActionReply, Input, OperationName, Reply, RowOf } from './generations.ts';
import { type List, listOf } from './lists.ts';
import type { CallOptions, Completed } from './settings.ts';

export abstract class ServerClient<G extends Generation> {
  readonly clientId: string;
  readonly generation: G;
  /** The market of every call that names no other; without one `MKT_ONE` is meant. */
  readonly market: Market | undefined;
  // private to the language, so that nothing that prints the client shows what it holds
  readonly #calls: Calls;

  constructor(settings: Completed, generation: G, rows: Operations) {
    this.clientId = settings.clientId;
    this.generation = generation;
    this.market = settings.market;
    this.#calls = new Calls(settings, rows);
  }

  protected read<Name extends OperationName<G>>(
    name: Name,
    input: Input<G, Name>,
    options: CallOptions,
  ): Promise<Reply<G, Name>> {
    return this.#calls.call(name, input, options) as Promise<Reply<G, Name>>;
  }

  protected act<Name extends OperationName<G>>(
    name: Name,
    input: Input<G, Name>,
    options: CallOptions,
  ): Promise<ActionReply<G, Name>> {
    return this.read(name, input, options) as Promise<ActionReply<G, Name>>;
  }

  protected askToken<Name extends OperationName<G>>(
    name: Name,
    options: CallOptions,
  ): Promise<Reply<G, Name>> {
    return this.#calls.token(name, options) as Promise<Reply<G, Name>>;
  }

  protected list<Name extends OperationName<G>>(
    name: Name,
    member: keyof Reply<G, Name> & string,
    input: Input<G, Name> & { continuationKey?: string | undefined },
    options: CallOptions,
  ): List<RowOf<G, Name>> {
    return listOf(name, member, input.continuationKey, (continuationKey) =>
      this.read(name, { ...input, continuationKey }, options),
    );
  }
}
