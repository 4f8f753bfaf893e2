/**
 * The HTTP API: {@link HttpApi} answers under `/api/v1/` with the paths and fields of SRS, and describes itself by an OpenAPI document.
 *
 * @module services/http-api
 * @group Services
 */
export { type ApiAction, type ApiFeature, HttpApi, type HttpApiOptions } from './http-api.ts'
export type { ReloadConfiguration } from './service-routes.ts'
