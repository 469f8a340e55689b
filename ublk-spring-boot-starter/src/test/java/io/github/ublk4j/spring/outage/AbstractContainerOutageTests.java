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

import java.util.Objects;
import java.util.Random;

import io.github.ublk4j.block.BlockErrno;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.junit.jupiter.Testcontainers;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.service.connection.ConnectionDetails;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Of a server in a container, which really dies. Where it is, applications are told by
 * Spring Boot's service connection of the container.
 */
@Tag("docker")
@Testcontainers
@SpringBootTest(classes = AbstractContainerOutageTests.NothingButTheConnection.class)
abstract class AbstractContainerOutageTests extends AbstractOutageTests {

	private final GenericContainer<?> container;

	@Autowired
	private ConnectionDetails connection;

	/**
	 * For a kind of server.
	 * @param container the server
	 * @param kind what the store of the disk begins with, to which a name is added
	 * @param excluded auto-configuration of other servers
	 */
	AbstractContainerOutageTests(GenericContainer<?> container, String kind, Class<?>... excluded) {
		super(kind, excluded);
		this.container = container;
	}

	@Override
	OutageServer server() {
		return new ContainerServer(this.container, this.connection);
	}

	@Test
	void flushedDataOutlivesApplicationAndServer() {
		byte[] data = new byte[300_000 / 512 * 512];
		new Random(1).nextBytes(data);
		try (DiskApplication application = start()) {
			application.disk().write(512, data).then(application.disk().flush()).block(PATIENCE);
		}
		server().takeAway();
		server().bringBack();
		try (DiskApplication application = startWhenTheServerIsReady()) {
			assertThat(application.disk().read(512, data.length).block(PATIENCE)).isEqualTo(data);
		}
	}

	private DiskApplication startWhenTheServerIsReady() {
		return Awaitility.await().atMost(PATIENCE).ignoreExceptions().until(this::start, Objects::nonNull);
	}

	@Test
	void requestsFailOrWaitWhileTheServerIsGone() {
		assertThat(failures((load) -> absence(load, SHORT))).isSubsetOf(BlockErrno.EIO, BlockErrno.ETIMEDOUT);
	}

	/**
	 * For what containers add.
	 */
	@Configuration(proxyBeanMethods = false)
	static class NothingButTheConnection {

	}

}
