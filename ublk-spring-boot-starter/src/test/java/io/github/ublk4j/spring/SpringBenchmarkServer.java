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

package io.github.ublk4j.spring;

import java.util.Map;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.core.publisher.Mono;

/**
 * The Spring application that {@code docs/benchmarks/run.sh} measures: a disk that does
 * nothing, as a bean, with all that the starter configures by itself. Prints the path of
 * the disk. Arguments as those of the engine's benchmark server, of which only
 * {@code MODE} matters.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
class SpringBenchmarkServer {

	@Bean
	@BlockDevice(name = "null", size = "250GB", dataMode = DataMode.COPY)
	NullDisk nullDisk() {
		return new NullDisk();
	}

	@SuppressWarnings("SystemOut")
	public static void main(String[] arguments) throws InterruptedException {
		SpringApplication application = new SpringApplication(SpringBenchmarkServer.class);
		application.setWebApplicationType(WebApplicationType.NONE);
		application.setDefaultProperties(Map.of("ublk.devices.null.data-mode", arguments[1]));
		ConfigurableApplicationContext context = application.run();
		BlockDevices devices = context.getBean(BlockDevices.class);
		System.out.println(devices.find("null").orElseThrow().path());
		Thread.currentThread().join();
	}

	static final class NullDisk implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			return Mono.empty();
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			return Mono.empty();
		}

		@Override
		public boolean fillsReadBuffers() {
			return true;
		}

	}

}
