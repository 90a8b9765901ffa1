// Which addresses notifications may be sent to: nobody must make the server call into the network it stands in.
import { BlockList, isIP } from 'node:net';
import type { Environment } from '@till/protocol/codes';

export interface TargetRules {
  /** The rule that the text of an address breaks; undefined where it breaks none. */
  refusalOf(url: string): string | undefined;
  /** May a connection be made to this IP address? */
  allows(address: string): boolean;
}

export interface TargetOptions {
  environment: Environment;
  /** Plain http is allowed in commercial too. */
  http?: boolean;
  /** Ranges (`10.1.0.0/16`) or addresses that are allowed whatever else is said. */
  allowed?: readonly string[];
}

/** Where clouds answer with credentials, also as NAT64, 6to4 and other IPv6 spell it, and what is no single machine. */
const refusedEverywhere = [
  '169.254.0.0/16',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
  '::a9fe:0/112',
  '::ffff:0:a9fe:0/112',
  '64:ff9b::a9fe:0/112',
  '64:ff9b::6464:64c8/128',
  '64:ff9b::a83f:8110/128',
  '2002:a9fe::/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
  'fe80::/10',
  'fec0::/10',
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
  'ff00::/8',
];
/** What is not on the internet, and what stands for an address that may not be (translation, NAT64, 6to4, Teredo). */
const refusedInCommercial = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/32',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
];

export function createTargetRules({ environment, http = false, allowed = [] }: TargetOptions): TargetRules {
  const commercial = environment === 'commercial';
  const refused = listOf([...refusedEverywhere, ...(commercial ? refusedInCommercial : [])]);
  const exempt = listOf(allowed);
  const allows = (address: string) => {
    if (isIP(address) === 0) return false;
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    return exempt.check(address, family) || !refused.check(address, family);
  };
  const refusalOf = (text: string) => {
    if (!URL.canParse(text)) return 'is no address';
    const url = new URL(text);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be an http or https address';
    if (url.protocol === 'http:' && commercial && !http) return 'must be an https address';
    if (url.username !== '' || url.password !== '') return 'must not hold a user or a password';
    const host = hostOf(url);
    return isIP(host) === 0 || allows(host) ? undefined : 'leads to an address that is not allowed';
  };
  return { refusalOf, allows };
}

/** Without the brackets of an IPv6 address. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Is it an IP address, or a range of them? */
export function isRange(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
