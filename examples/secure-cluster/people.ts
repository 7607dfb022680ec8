import { OidcProvider } from '../../constructs';

/** Where people log in. Their groups there are what roles are bound to. */
export const SSO = new OidcProvider({ issuer: 'https://login.example.com', clientId: 'kubernetes' });
