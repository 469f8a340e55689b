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

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.ReadRequest;
import io.github.ublk4j.block.WriteRequest;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Disks as applications declare them.
 */
public final class TestDisks {

	private TestDisks() {
	}

	/** A disk that never fails. */
	public static class Null implements BlockDeviceHandler {

		@Override
		public Mono<Void> read(ReadRequest request) {
			return Mono.empty();
		}

		@Override
		public Mono<Void> write(WriteRequest request) {
			return Mono.empty();
		}

	}

	/** A disk of a class. */
	@BlockDevice(name = "scratch", size = "4GB")
	public static class Scratch extends Null {

	}

	/** Two disks of bean methods. */
	@Configuration(proxyBeanMethods = false)
	public static class Two {

		@Bean
		@BlockDevice(size = "1GB")
		BlockDeviceHandler first() {
			return new Null();
		}

		@Bean
		@BlockDevice(size = "2GB")
		BlockDeviceHandler second() {
			return new Null();
		}

	}

}
