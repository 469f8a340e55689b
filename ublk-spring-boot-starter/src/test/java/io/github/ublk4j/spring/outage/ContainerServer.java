/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.spring.outage;

import com.github.dockerjava.api.DockerClient;
import org.testcontainers.containers.GenericContainer;

import org.springframework.boot.autoconfigure.service.connection.ConnectionDetails;
import org.springframework.context.support.GenericApplicationContext;

/**
 * A server in a container, which is killed and started again with the data that it has
 * written.
 *
 * @param container keeps its data and its port
 * @param connection where it is, as Spring Boot's service connection says
 */
record ContainerServer(GenericContainer<?> container, ConnectionDetails connection) implements OutageServer {

	@Override
	public void silence() {
		client().pauseContainerCmd(this.container.getContainerId()).exec();
	}

	@Override
	public void resume() {
		client().unpauseContainerCmd(this.container.getContainerId()).exec();
	}

	@Override
	public void takeAway() {
		client().killContainerCmd(this.container.getContainerId()).exec();
	}

	@Override
	public void bringBack() {
		client().startContainerCmd(this.container.getContainerId()).exec();
	}

	// it is one for all, so it must not be closed
	private DockerClient client() {
		return this.container.getDockerClient();
	}

	@Override
	public void announceTo(GenericApplicationContext application) {
		application.getBeanFactory().registerSingleton("connectionDetails", this.connection);
	}

}
