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

package io.github.ublk4j.restart;

import java.nio.ByteBuffer;

import io.github.ublk4j.block.BlockRequest;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.OnRead;
import io.github.ublk4j.spring.OnWrite;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * An application with a disk of each kind, and those that properties declare.
 */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class RestartedApplication {

	@Bean
	SimulatedUblk simulatedUblk() {
		return new SimulatedUblk();
	}

	@Bean
	@BlockDevice(size = "1MB")
	BlockRequestStream stream() {
		return (requests) -> requests.doOnNext(BlockRequest::complete).then();
	}

	@Bean
	@BlockDevice(size = "1MB")
	Blocking blocking() {
		return new Blocking();
	}

	/**
	 * A disk whose methods block.
	 */
	public static class Blocking {

		@OnRead
		void load(ByteBuffer buffer) {
			buffer.put((byte) 1);
		}

		@OnWrite
		void save(ByteBuffer buffer) {
			buffer.get();
		}

	}

}
