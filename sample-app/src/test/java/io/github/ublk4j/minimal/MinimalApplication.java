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

package io.github.ublk4j.minimal;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.BlockDevices;
import reactor.core.publisher.Mono;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Prints the names of its disks, and ends.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class MinimalApplication {

	@Bean
	SimulatedUblk simulatedUblk() {
		return new SimulatedUblk();
	}

	@Bean
	@BlockDevice(name = "zeros", size = "1MB", readOnly = true)
	BlockDeviceHandler zeros() {
		return new Zeros();
	}

	public static void main(String[] args) {
		ConfigurableApplicationContext context = SpringApplication.run(MinimalApplication.class, args);
		context.getBean(BlockDevices.class)
			.all()
			.stream()
			.map(UblkDevice::name)
			.sorted()
			.forEach((name) -> System.out.println("serves " + name));
		System.exit(SpringApplication.exit(context));
	}

	private static final class Zeros implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			return Mono.empty();
		}

	}

}
