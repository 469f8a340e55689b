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

package io.github.ublk4j.sample.page;

import java.time.Duration;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.engine.DiskActivity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Where a disk was used.
 */
class HeatMapTests {

	private static final int MEGABYTE = 1 << 20;

	// a cell is 1024 bytes
	private final HeatMap map = new HeatMap(MEGABYTE, 512);

	@ParameterizedTest
	@CsvSource({ "1048576, 512, 1024, 1024", "512, 512, 1, 512", "1536, 512, 3, 512", "1049088, 512, 683, 1536",
			"4611686018427387904, 4096, 1024, 4503599627370496" })
	void cellsAreWholeBlocksAndNotTooMany(long size, int block, int cells, long cellSize) {
		assertThat(new HeatMap(size, block).drain()).satisfies((heat) -> {
			assertThat(heat.cells()).isEqualTo(cells).isLessThanOrEqualTo(HeatMap.MAX_CELLS);
			assertThat(heat.cellSize()).isEqualTo(cellSize);
		});
	}

	@Test
	void requestTouchesEveryCellThatItReachesInto() {
		record(BlockOperation.READ, 512, 1024);
		assertThat(this.map.drain().touched()).containsExactly(new Frame.Cell(0, 1, 0, 0), new Frame.Cell(1, 1, 0, 0));
		record(BlockOperation.READ, 1024, 1024);
		assertThat(this.map.drain().touched()).containsExactly(new Frame.Cell(1, 1, 0, 0));
	}

	@Test
	void kindsOfRequestsAreCountedApart() {
		record(BlockOperation.READ, 0, 512);
		record(BlockOperation.WRITE, 0, 512);
		record(BlockOperation.WRITE, 512, 512);
		record(BlockOperation.DISCARD, 0, 512);
		record(BlockOperation.WRITE_ZEROES, 0, 512);
		record(BlockOperation.FLUSH, 0, 0);
		assertThat(this.map.drain().touched()).containsExactly(new Frame.Cell(0, 1, 2, 2));
	}

	@Test
	void wholeDiskCanBeDiscarded() {
		record(BlockOperation.DISCARD, 0, MEGABYTE);
		assertThat(this.map.drain().touched()).hasSize(1024).allMatch((cell) -> cell.discards() == 1);
	}

	@Test
	void whatADiskHasGrownByIsItsLastCell() {
		record(BlockOperation.WRITE, 3L * MEGABYTE, 4096);
		assertThat(this.map.drain().touched()).containsExactly(new Frame.Cell(1023, 0, 1, 0));
	}

	@Test
	void countsBeginAgain() {
		record(BlockOperation.READ, 0, 512);
		this.map.drain();
		assertThat(this.map.drain().touched()).isEmpty();
	}

	private void record(BlockOperation operation, long offset, long length) {
		this.map.record(new DiskActivity(0, operation, offset, length, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO,
				Duration.ZERO));
	}

}
