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

package io.github.ublk4j.engine;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * What {@link HandlerDecorator}s are put around, on a simulated driver.
 */
@Timeout(60)
class HandlerDecoratorTests {

	private static final Duration PATIENCE = Duration.ofSeconds(10);

	private static final DiskSpec SPEC = DiskSpec.named("disk").size(1 << 20).readOnly(true).build();

	private final SimulatedUblk ublk = new SimulatedUblk();

	private final List<String> called = new CopyOnWriteArrayList<>();

	@Test
	void laterOnesAreAroundEarlierOnes() {
		try (UblkEngine engine = engine(decorator("inner"), decorator("outer"))) {
			engine.start(SPEC, (BlockDeviceHandler) (read) -> {
				this.called.add("disk");
				return Mono.empty();
			}).block(PATIENCE);
			this.ublk.disks().get(0).read(0, 512).block(PATIENCE);
		}
		assertThat(this.called).containsExactly("outer disk", "inner disk", "disk");
	}

	@Test
	void storesAreDecoratedToo() {
		try (UblkEngine engine = engine(decorator("outer"));
				MemoryBlockStore store = MemoryBlockStore.sparse(1 << 20)) {
			engine.start(SPEC, store).block(PATIENCE);
			this.ublk.disks().get(0).read(0, 512).block(PATIENCE);
		}
		assertThat(this.called).containsExactly("outer disk");
	}

	@Test
	void oneThatFailsLeavesNoDisk() {
		HandlerDecorator failing = (disk, handler) -> {
			throw new IllegalStateException("expected by the test");
		};
		try (UblkEngine engine = engine(failing)) {
			assertThatIllegalStateException()
				.isThrownBy(() -> engine.start(SPEC, (BlockDeviceHandler) (read) -> Mono.empty()).block(PATIENCE))
				.withMessage("expected by the test");
			assertThat(engine.devices()).isEmpty();
		}
	}

	private HandlerDecorator decorator(String name) {
		return (disk, handler) -> (read) -> {
			this.called.add(name + " " + disk);
			return handler.read(read);
		};
	}

	private UblkEngine engine(HandlerDecorator... decorators) {
		UblkEngine.Builder builder = UblkEngine.builder().simulated(this.ublk);
		List.of(decorators).forEach(builder::decorator);
		return builder.build();
	}

}
