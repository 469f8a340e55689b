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

import java.time.Duration;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.autoconfigure.UblkProperties.Device;
import io.github.ublk4j.store.StoreUnavailableException;
import io.github.ublk4j.store.chunk.ChunkStore;
import io.github.ublk4j.store.chunk.ChunkVolume;
import io.github.ublk4j.store.chunk.VolumeClaim;
import io.github.ublk4j.store.chunk.VolumeDescriptor;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What is common to stores in chunks.
 */
class ChunkStoreFactoryTests {

	@Test
	void silenceIsReportedWithItsLengthAndARemedy() {
		ChunkStoreFactory factory = new SilentStoreFactory();
		DiskSpec spec = DiskSpec.named("disk").size(1 << 20).build();
		assertSilence(() -> factory.existingSize("silent:x"));
		assertSilence(() -> factory.open(spec, "silent:x", Device.UNSET));
	}

	private static void assertSilence(ThrowingCallable call) {
		assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(call).satisfies((failure) -> {
			assertThat(failure.problem()).isEqualTo("The volume x has not answered within 1 seconds.");
			assertThat(failure.remedy()).isEqualTo("Check the silence.");
		});
	}

	private static final class SilentStoreFactory extends ChunkStoreFactory {

		SilentStoreFactory() {
			super("silent", "<volume>", "Check the silence.");
		}

		@Override
		Duration patience() {
			return Duration.ofSeconds(1);
		}

		@Override
		ChunkVolume volume(String name) {
			return new SilentVolume(name);
		}

	}

	private record SilentVolume(String name) implements ChunkVolume {

		@Override
		public Mono<VolumeDescriptor> describe() {
			return Mono.never();
		}

		@Override
		public Mono<VolumeDescriptor> createIfAbsent(VolumeDescriptor descriptor) {
			return Mono.never();
		}

		@Override
		public Mono<ChunkStore> claim(VolumeClaim claim) {
			return Mono.never();
		}

		@Override
		public String toString() {
			return "volume " + this.name;
		}

	}

}
