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

package io.github.ublk4j.layer;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;

import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import io.github.ublk4j.engine.SimulatedUblk;
import io.github.ublk4j.engine.simulation.SimulatedDisk;
import io.github.ublk4j.store.MemoryBlockStore;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static io.github.ublk4j.layer.TestBytes.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * A disk with a layer becomes as large as the layer is, and no larger.
 */
class LayerResizeTests {

	private static final int SMALL = 1 << 20;

	@TempDir
	private Path directory;

	static Set<String> layers() {
		return LayerCompositions.names();
	}

	@ParameterizedTest
	@MethodSource("layers")
	void diskGrowsIntoTheStoreAndShrinks(String layer) {
		SimulatedUblk ublk = new SimulatedUblk();
		MemoryBlockStore memory = MemoryBlockStore.sparse(LayerCompositions.MARGIN);
		try (BlockStore store = LayerCompositions.over(layer, memory, this.directory);
				UblkEngine engine = UblkEngine.builder().simulated(ublk).build()) {
			UblkDevice device = engine.start(DiskSpec.named("disk").size(SMALL).build(), store).block(PATIENCE);
			assertThat(device).isNotNull();
			SimulatedDisk disk = ublk.disk("disk");
			disk.write(SMALL - 4096, data(1)).block(PATIENCE);
			device.resize(store.size()).block(PATIENCE);
			disk.write(SMALL, data(2)).block(PATIENCE);
			disk.write(store.size() - 4096, data(3)).block(PATIENCE);
			assertThat(disk.read(SMALL - 4096, 4096).block(PATIENCE)).isEqualTo(data(1));
			assertThat(disk.read(SMALL, 4096).block(PATIENCE)).isEqualTo(data(2));
			assertThat(disk.read(store.size() - 4096, 4096).block(PATIENCE)).isEqualTo(data(3));
			assertThatThrownBy(() -> device.resize(store.size() + 4096).block(PATIENCE))
				.hasMessageContaining("The store holds only " + store.size() + " bytes");
			device.resize(SMALL).block(PATIENCE);
			assertThat(disk.read(SMALL - 4096, 4096).block(PATIENCE)).isEqualTo(data(1));
			assertThat(device.spec().size()).isEqualTo(SMALL);
		}
	}

	private static byte[] data(int value) {
		byte[] data = new byte[4096];
		Arrays.fill(data, (byte) value);
		return data;
	}

}
