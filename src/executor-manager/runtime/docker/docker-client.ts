import { Injectable } from '@nestjs/common';
import Docker from 'dockerode';
import { AppConfig } from '../../../config/app-config.js';

/** The connection to the engine at DOCKER_SOCKET. */
@Injectable()
export class DockerClient extends Docker {
  constructor({ manager }: AppConfig) {
    super({ socketPath: manager.dockerSocket });
  }
}
