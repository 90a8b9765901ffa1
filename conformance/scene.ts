// An app of its own in a world of its own on a Till: where a documented request is sent, and what can be done there.
import type { controlOperations } from '@till/protocol/control';
import type { InputOf, ReplyOf } from '@till/protocol/shape';
import type { ControlCall } from './till-control.ts';

type Control = typeof controlOperations;
export type BoughtPurchase = ReplyOf<Control['createPurchase']>;
type WorldInput = InputOf<Control['createWorld']>;
type AppInput = InputOf<Control['createApp']>;
type ProductInput = InputOf<Control['putProduct']>;
type PurchaseInput = InputOf<Control['createPurchase']>;

/** The values of the documents' call sample; the token of a purchase is the server's to choose. */
export const documented = {
  clientId: 'com.onestore.game.goindol',
  productId: 'product01',
  purchaseToken: 'SANDBOXT000120004476',
} as const;

/** What about an app every call of the control API names. */
type OfApp<N extends keyof Control> = Omit<InputOf<Control[N]>, 'clientId' | 'worldId'>;

export class Scene {
  readonly app: ReplyOf<Control['createApp']>;
  readonly control: ControlCall;

  constructor(control: ControlCall, app: ReplyOf<Control['createApp']>) {
    this.control = control;
    this.app = app;
  }

  /** A call of the control API about the app of the scene. */
  about<N extends keyof Control>(name: N, input: OfApp<N>): Promise<ReplyOf<Control[N]>> {
    const { clientId, worldId } = this.app;
    return this.control(name, { ...input, clientId, worldId } as unknown as InputOf<Control[N]>);
  }

  /** An access token, without the token call. */
  async token(): Promise<string> {
    return (await this.about('createAccessToken', {})).access_token;
  }

  /** Makes a product, the documented one unless it has another name; an `inapp` unless `product` says otherwise. */
  async sell(product: Partial<Omit<ProductInput, 'clientId' | 'worldId'>> = {}): Promise<void> {
    const plain = { productId: documented.productId, type: 'inapp', title: 'A product' } as const;
    await this.about('putProduct', { ...plain, price: '1100', currency: 'KRW', ...product });
  }

  buy(options: Partial<Omit<PurchaseInput, 'clientId' | 'worldId'>> = {}): Promise<BoughtPurchase> {
    return this.about('createPurchase', { productId: documented.productId, ...options });
  }

  async advance(to: { by: string } | { to: number }): Promise<void> {
    await this.control('advanceClock', { worldId: this.app.worldId, ...to });
  }

  /** Takes it away, with the world and all that lives in it. */
  async close(): Promise<void> {
    await this.control('deleteWorld', { worldId: this.app.worldId });
  }
}

/** A new scene; the world is frozen unless `world` says otherwise, and the app has no product yet. */
export async function openScene(
  control: ControlCall,
  { world = {}, app = {} }: { world?: WorldInput; app?: AppInput } = {},
): Promise<Scene> {
  const clock = { frozen: true, ...world.clock };
  const { worldId } = await control('createWorld', { ...world, clock });
  try {
    return new Scene(control, await control('createApp', { ...app, worldId }));
  } catch (error) {
    await control('deleteWorld', { worldId });
    throw error;
  }
}

/** Opens a scene, and takes it away again whatever happens in it. */
export async function inScene<T>(
  control: ControlCall,
  given: Parameters<typeof openScene>[1],
  act: (scene: Scene) => Promise<T>,
): Promise<T> {
  const scene = await openScene(control, given);
  try {
    return await act(scene);
  } finally {
    await scene.close();
  }
}
