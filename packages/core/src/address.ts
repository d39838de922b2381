import ipaddr from 'ipaddr.js';

/** An address or network: 32 bits (IPv4) or 128 bits (IPv6) as bytes. IPv4-mapped IPv6 is IPv4. */
export type AddressBytes = readonly number[];

/** One entry of an allowlist. */
export interface Network {
  readonly bytes: AddressBytes;
  readonly prefix: number;
}

const IPV4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/**
 * Reads an IPv4 or IPv6 address. IPv4-mapped IPv6 (`::ffff:192.0.2.1`) becomes IPv4. Octal, hexadecimal and
 * shortened IPv4, and zone ids (`%eth0`) are not addresses here.
 */
export function parseAddress(text: string): AddressBytes | undefined {
  if (text.length > 45) return undefined;
  if (!text.includes(':')) return parseIpv4(text);
  const groups = text.includes('.') ? withHexTail(text) : text;
  if (groups === undefined || groups.includes('%') || !ipaddr.IPv6.isValid(groups)) return undefined;
  const address = ipaddr.IPv6.parse(groups);
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toByteArray() : address.toByteArray();
}

function parseIpv4(text: string): AddressBytes | undefined {
  if (!IPV4.test(text) || !ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  return ipaddr.IPv4.parse(text).toByteArray();
}

/**
 * Rewrites `::ffff:192.0.2.1` as `::ffff:c000:201`. ipaddr.js would read octal and hexadecimal numbers in the
 * dotted tail, and take `::192.0.2.1`, which is no mapped address, for one.
 */
function withHexTail(text: string): string | undefined {
  const tail = text.lastIndexOf(':') + 1;
  const bytes = parseIpv4(text.slice(tail));
  if (bytes === undefined) return undefined;
  const [a, b, c, d] = bytes as [number, number, number, number];
  return `${text.slice(0, tail)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

/** Reads an address or a CIDR block. Bits beyond the prefix must be zero, so that a typo is not a network. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', prefixText, ...rest] = text.split('/');
  if (rest.length > 0) return undefined;
  const bytes = parseAddress(address);
  if (bytes === undefined) return undefined;
  const width = bytes.length * 8;
  if (prefixText === undefined) return { bytes, prefix: width };
  if (!/^(0|[1-9]\d{0,2})$/.test(prefixText)) return undefined;
  // A mapped block is written with the prefix of the IPv6 form: ::ffff:192.0.2.0/120 is 192.0.2.0/24.
  const prefix = address.includes(':') && bytes.length === 4 ? Number(prefixText) - 96 : Number(prefixText);
  if (prefix < 0 || prefix > width) return undefined;
  const network = { bytes, prefix };
  return hasHostBits(network) ? undefined : network;
}

/** Whether an address lies in a network. An address of one family never lies in a network of the other. */
export function contains(network: Network, address: AddressBytes): boolean {
  if (address.length !== network.bytes.length) return false;
  const whole = network.prefix >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== network.bytes[i]) return false;
  const rest = network.prefix & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((address[whole] as number) & mask) === ((network.bytes[whole] as number) & mask);
}

/** Writes an address in the one spelling that is kept: dotted IPv4, and IPv6 by RFC 5952. Reading it gives the same bytes. */
export function addressText(address: AddressBytes): string {
  return address.length === 4 ? address.join('.') : new ipaddr.IPv6([...address]).toRFC5952String();
}

/** Writes a network: an address alone where it is no more than that, and a CIDR block otherwise. */
export function networkText({ bytes, prefix }: Network): string {
  return prefix === bytes.length * 8 ? addressText(bytes) : `${addressText(bytes)}/${prefix}`;
}

/** The network of that prefix in which an address lies. The prefix is at most as long as the address. */
export function networkOf(address: AddressBytes, prefix: number): Network {
  const bytes = address.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, prefix - i * 8));
    return byte & ~(0xff >> kept) & 0xff;
  });
  return { bytes, prefix };
}

/**
 * The name under which failures of a source are counted: an IPv4 address by itself, an IPv6 address by its
 * /64, because whoever holds one address of a /64 holds them all.
 */
export function sourceOf(address: AddressBytes): string {
  return address.length === 4 ? address.join('.') : address.slice(0, 8).join('.');
}

function hasHostBits({ bytes, prefix }: Network): boolean {
  return bytes.some((byte, i) => {
    const kept = Math.min(8, Math.max(0, prefix - i * 8));
    return (byte & (0xff >> kept)) !== 0;
  });
}
