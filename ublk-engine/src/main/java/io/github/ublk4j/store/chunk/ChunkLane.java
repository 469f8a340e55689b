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

package io.github.ublk4j.store.chunk;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The changes of one chunk: a batch that is being stored, and edits that wait to be the
 * next one. All but the waiting edits belongs to the batch.
 */
final class ChunkLane {

	private final long index;

	private List<ChunkEdit> waiting = new ArrayList<>();

	private List<ChunkEdit> batch = List.of();

	private @Nullable ByteBuffer content;

	ChunkLane(long index) {
		this.index = index;
	}

	long index() {
		return this.index;
	}

	synchronized void add(ChunkEdit edit) {
		this.waiting.add(edit);
	}

	synchronized void remove(ChunkEdit edit) {
		this.waiting.remove(edit);
	}

	synchronized boolean isIdle() {
		return this.waiting.isEmpty();
	}

	synchronized List<ChunkEdit> takeBatch() {
		this.batch = this.waiting;
		this.waiting = new ArrayList<>();
		return this.batch;
	}

	/**
	 * Fails what is left of the batch, of which nobody knows what is stored.
	 */
	synchronized void fail(Throwable failure) {
		// somebody may still read the buffer
		this.content = null;
		this.batch.forEach((edit) -> edit.fail(failure));
	}

	/**
	 * Returns what the batch before has stored, {@code null} if that is not known.
	 */
	@Nullable ByteBuffer content() {
		return this.content;
	}

	void content(@Nullable ByteBuffer content) {
		this.content = content;
	}

	/**
	 * Returns whether edits leave nothing of what a chunk held before.
	 */
	static boolean cover(List<ChunkEdit> edits, int chunkLength) {
		int covered = 0;
		for (ChunkEdit edit : edits.stream().sorted(Comparator.comparingInt(ChunkEdit::offset)).toList()) {
			if (edit.offset() > covered) {
				return false;
			}
			covered = Math.max(covered, edit.end());
		}
		return covered == chunkLength;
	}

}
