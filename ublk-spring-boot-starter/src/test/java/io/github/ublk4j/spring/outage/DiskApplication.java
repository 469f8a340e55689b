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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import io.github.ublk4j.spring.test.UblkTest;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.util.FileSystemUtils;

/**
 * An application with one disk, as on a machine of its own: it shares nothing with others
 * but the server of the disk's store.
 */
final class DiskApplication implements AutoCloseable {

	private final Path runDirectory;

	private final ConfigurableApplicationContext context;

	private DiskApplication(Path runDirectory, ConfigurableApplicationContext context) {
		this.runDirectory = runDirectory;
		this.context = context;
	}

	/**
	 * Starts one.
	 * @param server the server of its disk's store
	 * @param properties its properties, as of {@code application.properties}
	 */
	static DiskApplication start(OutageServer server, String... properties) {
		Path runDirectory = runDirectory();
		SpringApplication application = new SpringApplication(Beans.class);
		application.setRegisterShutdownHook(false);
		application.addInitializers((context) -> server.announceTo((GenericApplicationContext) context));
		String[] arguments = Stream
			.concat(Stream.of("spring.main.web-application-type=none", "ublk.run-directory=" + runDirectory),
					Stream.of(properties))
			.map((property) -> "--" + property)
			.toArray(String[]::new);
		try {
			return new DiskApplication(runDirectory, application.run(arguments));
		}
		catch (RuntimeException ex) {
			delete(runDirectory);
			throw ex;
		}
	}

	private static Path runDirectory() {
		try {
			return Files.createTempDirectory("ublk-application");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns a client of its disk.
	 */
	BlockDeviceTestClient disk() {
		return this.context.getBean(BlockDeviceTestClient.class);
	}

	/**
	 * Ends it in good order.
	 */
	@Override
	public void close() {
		this.context.close();
		delete(this.runDirectory);
	}

	private static void delete(Path directory) {
		try {
			FileSystemUtils.deleteRecursively(directory);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * On the simulated driver.
	 */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@UblkTest
	static class Beans {

	}

}
