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
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.github.ublk4j.engine.linux.ExclusiveFile;
import io.github.ublk4j.engine.linux.ExclusiveFile.TakenException;

/**
 * A file of checksums. After a header come groups: a page of marks, a byte for each of
 * 4096 regions, and their sums, a page of 1024 numbers for each. What was never written
 * is a hole, and says that nothing is known. The numbers are big-endian.
 */
final class SumsFile {

	private static final Logger logger = LoggerFactory.getLogger(SumsFile.class);

	private static final long MAGIC = 0x75626c6b34637263L;

	private static final int FORMAT = 1;

	private static final int PAGE = BlockSums.REGION * Integer.BYTES;

	/** Regions of a group. */
	private static final int GROUP = PAGE;

	private static final long GROUP_SIZE = (1L + GROUP) * PAGE;

	private final Path path;

	private final ExclusiveFile file;

	private final FileChannel channel;

	private SumsFile(Path path, ExclusiveFile file) {
		this.path = path;
		this.file = file;
		this.channel = file.channel();
	}

	/**
	 * Opens a file and locks it.
	 * @param path the file, made if it is missing
	 * @param blockSize bytes of a block
	 * @throws InvalidLayerException if the file is missing and cannot be made, is
	 * somebody else's or something else
	 */
	static SumsFile open(Path path, int blockSize) {
		return open(path, () -> FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE), blockSize);
	}

	/**
	 * Opens a file in a way of one's own, and locks it.
	 * @param path the file, made if it is missing
	 * @param opening opens it
	 * @param blockSize bytes of a block
	 * @throws InvalidLayerException as above
	 */
	static SumsFile open(Path path, ExclusiveFile.Opening opening, int blockSize) {
		try {
			SumsFile file = new SumsFile(path, ExclusiveFile.take(identify(path), opening, false));
			try {
				file.readHeader(blockSize);
				return file;
			}
			catch (IOException | RuntimeException ex) {
				file.close();
				throw ex;
			}
		}
		catch (TakenException ex) {
			throw new InvalidLayerException("file", path,
					"It is in use by the layer of another disk or process. Give each disk a file of its own.");
		}
		catch (IOException ex) {
			throw new InvalidLayerException("file", path, "It cannot be used: " + ex
					+ ". Name a file that can be read and written, in a directory that exists.");
		}
	}

	/** Returns what all names of a file have in common, and makes the file. */
	private static synchronized Object identify(Path path) throws IOException {
		if (Files.notExists(path)) {
			FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE).close();
		}
		Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
		return (key != null) ? key : path.toRealPath();
	}

	private void readHeader(int blockSize) throws IOException {
		ByteBuffer header = read(0);
		if (this.channel.size() == 0) {
			header.putLong(0, MAGIC).putInt(8, FORMAT).putInt(12, blockSize);
			writeAt(header, 0);
			force();
		}
		else if (header.getLong(0) != MAGIC || header.getInt(8) != FORMAT) {
			throw new InvalidLayerException("file", this.path,
					"It exists and does not hold checksums that this version knows. Name another file.");
		}
		else if (header.getInt(12) != blockSize) {
			throw new InvalidLayerException("file", this.path,
					"It holds checksums of blocks of " + header.getInt(12) + " bytes, and the disk has blocks of "
							+ blockSize
							+ ". Use that as logical-block-size, or delete the file; then the sums are taken anew.");
		}
	}

	/**
	 * Reads the sums of all regions that are not marked.
	 * @param sums takes them
	 * @param count how many regions there are
	 * @return the numbers of those that are marked
	 */
	List<Long> load(BlockSums sums, long count) throws IOException {
		List<Long> marked = new ArrayList<>();
		int[] page = new int[BlockSums.REGION];
		ByteBuffer marks = ByteBuffer.allocate(PAGE);
		for (long region = 0; region < count && groupOffset(region) < this.channel.size(); region++) {
			int inGroup = (int) (region % GROUP);
			if (inGroup == 0) {
				marks = read(groupOffset(region));
			}
			if (marks.get(inGroup) != 0) {
				marked.add(region);
			}
			else {
				read(sumsOffset(region)).asIntBuffer().get(page);
				sums.load(region, page);
			}
		}
		return marked;
	}

	/**
	 * Sets or takes away the marks of regions.
	 */
	void mark(List<Long> regions, boolean set) throws IOException {
		for (long region : regions) {
			ByteBuffer mark = ByteBuffer.allocate(1).put(0, (byte) (set ? 1 : 0));
			writeAt(mark, groupOffset(region) + region % GROUP);
		}
	}

	/**
	 * Returns the sums of a region as they are now.
	 */
	ByteBuffer page(long region, BlockSums sums) {
		ByteBuffer page = ByteBuffer.allocate(PAGE);
		sums.copy(region, page.asIntBuffer());
		return page;
	}

	/**
	 * Writes the sums of a region.
	 */
	void write(long region, ByteBuffer page) throws IOException {
		writeAt(page, sumsOffset(region));
	}

	/**
	 * Makes durable what has been written.
	 */
	void force() throws IOException {
		this.channel.force(false);
	}

	private static long groupOffset(long region) {
		return PAGE + region / GROUP * GROUP_SIZE;
	}

	private static long sumsOffset(long region) {
		return groupOffset(region) + (1 + region % GROUP) * PAGE;
	}

	/**
	 * Reads a page. What lies behind the end of the file is zero.
	 */
	private ByteBuffer read(long position) throws IOException {
		ByteBuffer page = ByteBuffer.allocate(PAGE);
		while (page.hasRemaining() && this.channel.read(page, position + page.position()) >= 0) {
			// as much as comes
		}
		return page.clear();
	}

	private void writeAt(ByteBuffer source, long position) throws IOException {
		while (source.hasRemaining()) {
			this.channel.write(source, position + source.position());
		}
	}

	void close() {
		try {
			this.file.close();
		}
		catch (IOException ex) {
			logger.warn("{} cannot be closed: {}", this.path, ex.toString());
		}
	}

	Path path() {
		return this.path;
	}

	@Override
	public String toString() {
		return "file of checksums " + this.path;
	}

}
