import { Module } from '@nestjs/common';
import { AppConfig } from '../../../config/app-config.js';
import { EmbeddedSimulator } from '../../embedded/embedded-simulator.js';
import { EgressPolicy } from './egress.js';
import { ProviderHttp } from './provider-http.js';

/** Offers the one {@link ProviderHttp} of the process, with its sockets and egress rules. */
@Module({
  providers: [
    {
      provide: ProviderHttp,
      inject: [AppConfig, EmbeddedSimulator],
      useFactory: ({ egress, provider }: AppConfig, { url }: EmbeddedSimulator) =>
        new ProviderHttp({
          egress: new EgressPolicy(egress),
          connectTimeoutMs: provider.connectTimeoutMs,
          trusted: url ? [new URL(url).host] : [],
        }),
    },
  ],
  exports: [ProviderHttp],
})
export class ProviderHttpModule {}
