import { Global, Module } from '@nestjs/common';
import { SecretBox } from '../../common/secrets/secret-box.js';
import { AppConfig } from '../../config/app-config.js';
import { EndUserPseudonyms } from './end-user-pseudonyms.js';
import { loadSecrets, Secrets } from './secrets.js';

/** Offers {@link Secrets}, the {@link SecretBox} that encrypts credentials of users, and {@link EndUserPseudonyms}. */
@Global()
@Module({
  providers: [
    { provide: Secrets, inject: [AppConfig], useFactory: loadSecrets },
    EndUserPseudonyms,
    { provide: SecretBox, inject: [Secrets], useFactory: (secrets: Secrets) => new SecretBox(secrets.encryptionKeys) },
  ],
  exports: [Secrets, SecretBox, EndUserPseudonyms],
})
export class CryptoModule {}
