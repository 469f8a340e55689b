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

package io.github.ublk4j.engine.queue;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.engine.driver.IoOperation;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the driver wants of a tag, and finds out whether the engine can do that.
 * Used by the loop alone.
 */
final class RequestDecoder {

	private static final int SECTOR_SHIFT = 9;

	private final RequestPool pool;

	private final DataPath dataPath;

	private final FailureLog failures;

	private BlockErrno refusal = BlockErrno.EIO;

	RequestDecoder(RequestPool pool, DataPath dataPath, FailureLog failures) {
		this.pool = pool;
		this.dataPath = dataPath;
		this.failures = failures;
	}

	/**
	 * Begins the request of a tag.
	 * @param transport what the tag has arrived from
	 * @param tag the tag
	 * @param refusing whether no request is served any more
	 * @param streamed whether a stream serves it
	 * @param arrivedAt when it came, by {@code System.nanoTime()}
	 * @return the request; {@code null} if it is refused and counted as a failure
	 */
	@Nullable IoRequest decode(QueueTransport transport, int tag, boolean refusing, boolean streamed, long arrivedAt) {
		int operationAndFlags = transport.operationAndFlags(tag);
		BlockOperation operation = operation(operationAndFlags & IoOperation.MASK);
		boolean data = operation == BlockOperation.READ || operation == BlockOperation.WRITE;
		if (operation == null || refusing || (data && !this.dataPath.serves(tag))) {
			this.failures.count();
			this.refusal = (operation == null) ? BlockErrno.EOPNOTSUPP : BlockErrno.EIO;
			return null;
		}
		long bytes = Integer.toUnsignedLong(transport.sectors(tag)) << SECTOR_SHIFT;
		// the kernel gives a flush the sector -1
		long sector = (operation == BlockOperation.FLUSH) ? 0 : transport.startSector(tag);
		if (sector < 0 || sector > (Long.MAX_VALUE - bytes) >> SECTOR_SHIFT || (data && !this.dataPath.holds(bytes))) {
			this.failures.report(operation, sector << SECTOR_SHIFT, bytes, BlockErrno.EIO,
					new IllegalStateException("The driver asks for " + bytes + " bytes at sector " + sector
							+ ", which the engine has not offered"));
			this.refusal = BlockErrno.EIO;
			return null;
		}
		IoRequest request = this.pool.take(operation);
		if (request instanceof IoRequest.Write write) {
			write.forceUnitAccess((operationAndFlags & IoOperation.FLAG_FUA) != 0);
		}
		else if (request instanceof IoRequest.WriteZeroes writeZeroes) {
			writeZeroes.mayUnmap((operationAndFlags & IoOperation.FLAG_NOUNMAP) == 0);
		}
		IoBuffer buffer = data ? this.dataPath.begin(request, operationAndFlags, tag, (int) bytes) : null;
		request.begin(tag, sector << SECTOR_SHIFT, bytes, streamed, buffer, arrivedAt);
		return request;
	}

	private static @Nullable BlockOperation operation(int code) {
		return switch (code) {
			case IoOperation.READ -> BlockOperation.READ;
			case IoOperation.WRITE -> BlockOperation.WRITE;
			case IoOperation.FLUSH -> BlockOperation.FLUSH;
			case IoOperation.DISCARD -> BlockOperation.DISCARD;
			case IoOperation.WRITE_ZEROES -> BlockOperation.WRITE_ZEROES;
			default -> null;
		};
	}

	/**
	 * Returns what the driver is told about the tag that was refused last.
	 */
	BlockErrno refusal() {
		return this.refusal;
	}

}
