import { Global, Module } from '@nestjs/common';
import { SecretBox } from '../../common/secret-box.js';
import { AppConfig } from '../../config/app-config.js';
import { loadSecrets, Secrets } from './secrets.js';

/** Offers the {@link Secrets} of the server and the {@link SecretBox} that encrypts what users entrust to it. */
@Global()
@Module({
  providers: [
    { provide: Secrets, inject: [AppConfig], useFactory: loadSecrets },
    { provide: SecretBox, inject: [Secrets], useFactory: (secrets: Secrets) => new SecretBox(secrets.encryptionKeys) },
  ],
  exports: [Secrets, SecretBox],
})
export class CryptoModule {}
