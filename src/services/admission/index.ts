/**
 * Rules that together make a hub's `authorize`: {@link addressRules}, {@link refererRules}, {@link signedUrls} (and {@link nmsSignedUrls}
 * for those who migrate from Node-Media-Server), {@link AccessLimits} and functions of your own, combined by {@link all},
 * {@link firstMatch} and {@link when}. {@link BitrateLimit} ends publishers that send too much; {@link RecentRefusals} keeps who was
 * refused and why.
 *
 * @example Publishers come from one network, players with a signed URL, and not too many of them
 * ```ts
 * import { Hub } from 'millrace/hub'
 * import { AccessLimits, addressRules, all, signedUrls } from 'millrace/services/admission'
 *
 * const limits = new AccessLimits({ maxPlayersPerStream: 500 })
 * const hub = new Hub({
 *   authorize: all(
 *     addressRules(['allow publish 10.0.0.0/8']),
 *     signedUrls({ secret: 'from your vault', actions: ['play'] }),
 *     limits.rule,
 *   ),
 * })
 * ```
 *
 * @module services/admission
 * @group Services
 */
export { AccessLimits, type AccessLimitsOptions, type AccessLimitsStats } from './access-limits.ts'
export { type AccessRule, type RuleAnswer, all, firstMatch, when } from './access-rule.ts'
export { type AddressRule, type AddressRulesOptions, addressRules } from './address-rules.ts'
export { BitrateLimit, type BitrateLimitEvents, type BitrateLimitOptions } from './bitrate-limit.ts'
export { allConnect } from './connect-rule.ts'
export { IdleLimit, type IdleLimitEvents, type IdleLimitOptions } from './idle-limit.ts'
export { IpRange, parseIpAddress } from './ip-range.ts'
export { type NmsSignedUrlsOptions, nmsSign, nmsSignedUrls } from './nms-signed-url.ts'
export { RecentRefusals, type RecentRefusalsOptions, type Refusal } from './recent-refusals.ts'
export { type RefererRulesOptions, refererRules } from './referer-rules.ts'
export { type SignUrlOptions, type SignedUrlsOptions, signUrl, signedUrls } from './signed-url.ts'
