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

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.util.List;

import org.testcontainers.containers.GenericContainer;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * Servers in containers, which keep their data and their port when they are killed and
 * started again. The system properties {@code ublk.docker.redis} and
 * {@code ublk.docker.postgres} name other images than the public ones.
 */
final class Servers {

	private Servers() {
	}

	/**
	 * Makes a Redis that has written on disk whatever it acknowledges.
	 */
	static GenericContainer<?> redis() {
		return onPortOfItsOwn(new GenericContainer<>(image("redis", "redis:8")).withCommand("redis-server",
				"--protected-mode", "no", "--appendonly", "yes", "--appendfsync", "always"), 6379);
	}

	/**
	 * Makes a PostgreSQL with its own defaults; Testcontainers' would not sync.
	 */
	static PostgreSQLContainer postgres() {
		return onPortOfItsOwn(new PostgreSQLContainer(image("postgres", "postgres:17")).withCommand("postgres"),
				PostgreSQLContainer.POSTGRESQL_PORT);
	}

	private static DockerImageName image(String server, String publicImage) {
		return DockerImageName.parse(System.getProperty("ublk.docker." + server, publicImage))
			.asCompatibleSubstituteFor(server);
	}

	// Docker would choose another one at each start
	private static <C extends GenericContainer<?>> C onPortOfItsOwn(C container, int port) {
		container.addExposedPort(port);
		container.setPortBindings(List.of(freePort() + ":" + port));
		return container;
	}

	private static int freePort() {
		try (ServerSocket socket = new ServerSocket(0)) {
			return socket.getLocalPort();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
