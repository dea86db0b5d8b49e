import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** The caller of a route. */
export class AuthUser {
  readonly id!: number;
  readonly userName!: string;
  readonly role!: 'admin' | 'user';
}

/** A request after the {@link AuthGuard}. */
export interface AuthenticatedRequest extends FastifyRequest {
  user?: AuthUser;
}

export const IS_PUBLIC = 'conch:public';
export const IS_ADMIN_ONLY = 'conch:admin-only';

/** The calling user. Only in routes that are not {@link Public}. */
export const CurrentUser = createParamDecorator((_data: unknown, context: ExecutionContext): AuthUser => {
  const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (!user) throw new Error('@CurrentUser() in a public route');

  return user;
});

/** A route without a user: it is open to all, or has a guard of its own. */
export const Public = () => SetMetadata(IS_PUBLIC, true);

/** A route for admins. */
export const AdminOnly = () => SetMetadata(IS_ADMIN_ONLY, true);

/** The bearer token of an Authorization header; null when there is none. */
export function bearerOf(header: string | undefined): string | null {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? null;
}
