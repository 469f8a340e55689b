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

package io.github.ublk4j.spring.autoconfigure;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.BlockDevices;
import io.github.ublk4j.spring.OnFlush;
import io.github.ublk4j.spring.OnRead;
import io.github.ublk4j.spring.OnWrite;
import io.github.ublk4j.spring.TestDisks;
import io.github.ublk4j.spring.test.BlockDeviceTestClient;
import io.github.ublk4j.spring.test.UblkTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

import org.springframework.aot.hint.TypeReference;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.aot.test.generate.TestGenerationContext;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.test.tools.CompileWithForkedClassLoader;
import org.springframework.core.test.tools.TestCompiler;
import org.springframework.javapoet.ClassName;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Applications whose bean definitions were made at build time.
 */
class AheadOfTimeTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	@TempDir
	private Path run;

	private final TestGenerationContext generation = new TestGenerationContext(TestGenerationContext.TEST_TARGET);

	private final ClassName initializer;

	AheadOfTimeTests() {
		AnnotationConfigApplicationContext source = new AnnotationConfigApplicationContext();
		source.register(Application.class);
		this.initializer = new ApplicationContextAotGenerator().processAheadOfTime(source, this.generation);
		this.generation.writeGeneratedContent();
	}

	@Test
	@CompileWithForkedClassLoader
	void disksOfTypesMethodsAndPropertiesServe() {
		TestCompiler.forSystem().with(this.generation).compile((compiled) -> {
			try (GenericApplicationContext context = new GenericApplicationContext()) {
				TestPropertyValues
					.of("ublk.devices.ram.store=memory", "ublk.devices.ram.size=1MB", "ublk.run-directory=" + this.run,
							"ublk.drain-timeout=200ms")
					.applyTo(context);
				initialize(compiled.getInstance(ApplicationContextInitializer.class, this.initializer.toString()),
						context);
				context.refresh();
				assertThat(context.getBean(BlockDevices.class).all()).extracting(UblkDevice::name)
					.containsExactlyInAnyOrder("scratch", "ofMethod", "echo", "ram");
				BlockDeviceTestClient client = context.getBean(BlockDeviceTestClient.class);
				assertThat(client.disk("echo").read(4096, 512).block(PATIENCE)).hasSize(512).containsOnly(8);
			}
		});
	}

	@Test
	void annotatedMethodsMayBeCalledByReflection() {
		for (String name : List.of("load", "store", "sync")) {
			assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(Echo.class, name))
				.accepts(this.generation.getRuntimeHints());
		}
	}

	@Test
	void hintsOfTheEngineAreRegistered() {
		assertThat(RuntimeHintsPredicates.reflection().onType(TypeReference.of(UblkRuntimeHints.FUNCTIONS)))
			.accepts(this.generation.getRuntimeHints());
	}

	@SuppressWarnings({ "rawtypes", "unchecked" })
	private static void initialize(ApplicationContextInitializer generated, GenericApplicationContext context) {
		generated.initialize(context);
	}

	@Configuration(proxyBeanMethods = false)
	@UblkTest
	@Import({ TestDisks.Scratch.class, Echo.class })
	static class Application {

		@Bean
		@BlockDevice(size = "1MB")
		BlockDeviceHandler ofMethod() {
			return new TestDisks.Null();
		}

	}

	/** Reads as the number of each block. */
	@BlockDevice(name = "echo", size = "1MB")
	static class Echo {

		@OnRead
		Mono<ByteBuffer> load(long offset, int length) {
			byte[] data = new byte[length];
			Arrays.fill(data, (byte) (offset / 512));
			return Mono.just(ByteBuffer.wrap(data));
		}

		@OnWrite
		Mono<Void> store(long offset, ByteBuffer data) {
			return Mono.empty();
		}

		@OnFlush
		Mono<Void> sync() {
			return Mono.empty();
		}

	}

}
