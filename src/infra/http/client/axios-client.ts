/** The one place that makes axios instances, and that strips their errors of the request. */
import axios, { isAxiosError, type AxiosInstance, type CreateAxiosDefaults } from 'axios';

/**
 * Returns an instance to which every status is a reply. It follows no redirect, which would carry the credentials to
 * another place, and uses no proxy, which would connect in place of the agents, past their egress rules.
 * @param options the agents, and what else differs
 */
export function createAxios(options: CreateAxiosDefaults): AxiosInstance {
  return axios.create({ adapter: 'http', maxRedirects: 0, proxy: false, validateStatus: () => true, ...options });
}

/**
 * Returns the error under one of axios, whose own errors hold the request: its headers with the credentials, its body,
 * its socket. Nothing else may leave this folder.
 */
export function withoutRequest(error: unknown): unknown {
  return isAxiosError(error) ? (error.cause ?? new Error(error.message)) : error;
}
