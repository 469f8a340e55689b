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

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockIoException;

/**
 * Decides when regions of a file of checksums are marked and when their sums are written.
 * <p>
 * A region is clean, dirty or being saved. The mark of a dirty one is durable; only while
 * it is dirty are its blocks changed. It is saved when it was not changed between two
 * flushes that succeeded. All work with the file is done by one thread in the order in
 * which it is decided on, so that a mark that is set after a region was saved is not
 * taken away by that.
 */
final class SumsJournal {

	private static final Logger logger = LoggerFactory.getLogger(SumsJournal.class);

	private final SumsFile file;

	private final BlockSums sums;

	private final Scheduler thread = Schedulers.newSingle("checksums", true);

	/** Those that are not clean. */
	private final Map<Long, Region> regions = new HashMap<>();

	private boolean closed;

	/** Whether the last try to save has failed. */
	private volatile boolean failing;

	private SumsJournal(SumsFile file, BlockSums sums) {
		this.file = file;
		this.sums = sums;
	}

	/**
	 * Opens a file and reads the sums of all regions that are not marked.
	 * @param path the file, made if it is missing
	 * @param sums takes the sums
	 * @param size of the store, in bytes
	 * @param blockSize bytes of a block
	 * @throws InvalidLayerException if the file cannot be used
	 */
	static SumsJournal open(Path path, BlockSums sums, int blockSize, long size) {
		return open(SumsFile.open(path, blockSize), sums, (size / blockSize + BlockSums.REGION - 1) / BlockSums.REGION);
	}

	/**
	 * Reads the sums of all regions that are not marked.
	 * @param file the file, closed with the journal
	 * @param sums takes the sums
	 * @param count how many regions there are
	 * @throws InvalidLayerException if the file cannot be read
	 */
	static SumsJournal open(SumsFile file, BlockSums sums, long count) {
		SumsJournal journal = new SumsJournal(file, sums);
		try {
			for (long number : file.load(sums, count)) {
				journal.regions.put(number, new Region(true));
			}
			return journal;
		}
		catch (IOException ex) {
			journal.thread.dispose();
			file.close();
			throw new InvalidLayerException("file", file.path(), "It cannot be read: " + ex.getMessage() + ".");
		}
	}

	/**
	 * Changes blocks when their regions are marked.
	 * @param first the number of the first block
	 * @param count how many
	 * @param change makes the change
	 */
	Mono<Void> marked(long first, long count, Supplier<Mono<Void>> change) {
		return Mono.defer(() -> {
			List<Region> touched = new ArrayList<>();
			List<Long> unmarked = new ArrayList<>();
			synchronized (this) {
				if (this.closed) {
					return Mono.error(new BlockIoException(BlockErrno.EIO,
							"The block is not written: " + this.file + " is closed"));
				}
				for (long number = first / BlockSums.REGION; number <= (first + count - 1)
						/ BlockSums.REGION; number++) {
					Region region = this.regions.computeIfAbsent(number, (key) -> new Region(false));
					region.changes++;
					region.underWay++;
					touched.add(region);
					if (!region.marked) {
						unmarked.add(number);
					}
				}
			}
			Mono<Void> begun = unmarked.isEmpty() ? change.get() : mark(unmarked).then(Mono.defer(change));
			// before whoever waits for it flushes or closes
			return begun.doOnTerminate(() -> ended(touched));
		});
	}

	private Mono<Void> mark(List<Long> numbers) {
		return onThread(() -> {
			List<Long> missing = numbers.stream().filter((number) -> !isMarked(number)).toList();
			if (!missing.isEmpty()) {
				this.file.mark(missing, true);
				this.file.force();
				setMarked(missing, true);
			}
		}).onErrorMap(IOException.class, (ex) -> new BlockIoException(BlockErrno.EIO,
				"The block is not written: " + this.file + " cannot take note of it: " + ex.getMessage(), ex));
	}

	/**
	 * Takes note that sums of a region are about to be known that the file does not have.
	 * They may be those of a change that failed and came true later: it takes flushes
	 * that begin from now on to make it durable.
	 */
	synchronized void learned(long region) {
		this.regions.computeIfAbsent(region, (key) -> new Region(false)).changes++;
	}

	private synchronized boolean isMarked(long number) {
		Region region = this.regions.get(number);
		return region != null && region.marked;
	}

	private synchronized void setMarked(List<Long> numbers, boolean marked) {
		for (long number : numbers) {
			Region region = this.regions.get(number);
			if (region != null) {
				region.marked = marked;
			}
		}
	}

	private synchronized void ended(List<Region> touched) {
		touched.forEach((region) -> region.underWay--);
	}

	/**
	 * Flushes, and then saves the regions that have been quiet since the flush before.
	 * @param flush makes the flush of the store
	 */
	Mono<Void> flushed(Supplier<Mono<Void>> flush) {
		return Mono.defer(() -> {
			List<Quiet> quiet = quiet();
			return flush.get().doOnSuccess((done) -> durable(quiet));
		});
	}

	private synchronized void durable(List<Quiet> quiet) {
		List<Quiet> settled = new ArrayList<>();
		for (Quiet seen : quiet) {
			Region region = seen.region;
			if (!isUnchanged(seen)) {
				continue;
			}
			if (region.flushed != seen.changes) {
				region.flushed = seen.changes;
			}
			else {
				region.marked = false;
				settled.add(seen);
			}
		}
		if (!settled.isEmpty()) {
			// before anybody else comes, whose mark must be set after this has taken it
			// away
			onThread(() -> forget(save(settled))).subscribe(null, this::notSaved, () -> this.failing = false);
		}
	}

	private void notSaved(Throwable failure) {
		if (!this.failing) {
			this.failing = true;
			logger.warn("{} cannot be written; blocks that were changed will not be checked after a crash, until "
					+ "a later flush can write it", this.file, failure);
		}
	}

	/**
	 * Returns whether a region is the one that was seen, and as it was. One that was
	 * saved meanwhile and changed again is another one.
	 */
	private synchronized boolean isUnchanged(Quiet seen) {
		return this.regions.get(seen.number) == seen.region && seen.region.changes == seen.changes;
	}

	/**
	 * Saves regions. Those that fail stay, for the next flush or the close.
	 * @return those that were still as they had been seen when their sums were taken
	 */
	private List<Quiet> save(List<Quiet> settled) throws IOException {
		List<Quiet> saved = new ArrayList<>();
		for (Quiet seen : settled) {
			ByteBuffer page = this.file.page(seen.number, this.sums);
			// what was learned since may be data that no flush has made durable
			if (isUnchanged(seen)) {
				this.file.write(seen.number, page);
				saved.add(seen);
			}
		}
		this.file.force();
		// if that is lost in a crash, the blocks are not checked once
		this.file.mark(saved.stream().map(Quiet::number).toList(), false);
		return saved;
	}

	private synchronized void forget(List<Quiet> saved) {
		for (Quiet seen : saved) {
			if (isUnchanged(seen)) {
				this.regions.remove(seen.number);
			}
		}
	}

	private Mono<Void> onThread(Work work) {
		return Mono.<Void>defer(() -> {
			try {
				work.run();
				return Mono.empty();
			}
			catch (IOException ex) {
				return Mono.error(ex);
			}
		}).subscribeOn(this.thread);
	}

	/**
	 * Lets no change begin any more. The store is flushed after that, and not before.
	 * @return the regions whose changes have ended
	 */
	synchronized List<Quiet> stop() {
		this.closed = true;
		return quiet();
	}

	/**
	 * Writes everything that is not in the file yet, and closes it.
	 * @param durable the regions whose data is durable; the others stay marked
	 */
	void close(List<Quiet> durable) {
		try {
			onThread(() -> {
				save(durable);
				this.file.force();
			}).toFuture().join();
		}
		catch (RuntimeException ex) {
			logger.warn("{} cannot be written; blocks that were changed last will not be checked", this.file, ex);
		}
		finally {
			this.thread.dispose();
			this.file.close();
		}
	}

	private synchronized List<Quiet> quiet() {
		List<Quiet> quiet = new ArrayList<>();
		this.regions.forEach((number, region) -> {
			if (region.underWay == 0) {
				quiet.add(new Quiet(number, region, region.changes));
			}
		});
		return quiet;
	}

	/**
	 * Work with the file.
	 */
	@FunctionalInterface
	private interface Work {

		void run() throws IOException;

	}

	/**
	 * A region that nothing changes, and how many changes have been made.
	 */
	record Quiet(long number, Region region, long changes) {
	}

	/**
	 * A region that is not clean.
	 */
	private static final class Region {

		private boolean marked;

		/** How many have begun. */
		private long changes;

		private int underWay;

		/** How many had begun when the last flush began that changed nothing. */
		private long flushed = -1;

		Region(boolean marked) {
			this.marked = marked;
		}

	}

}
