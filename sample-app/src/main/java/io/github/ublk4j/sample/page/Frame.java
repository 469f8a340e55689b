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

import java.util.List;

import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.engine.DeviceState;
import io.github.ublk4j.spring.UnservedBlockDevice;
import org.jspecify.annotations.Nullable;

/**
 * What the page shows at a moment. Sizes are bytes.
 *
 * @param simulated whether the disks are on a simulated driver, where nobody can use them
 * @param disks the disks that are or were served
 * @param unserved the disks that are declared, but not served, and why
 */
record Frame(boolean simulated, List<Disk> disks, List<UnservedBlockDevice> unserved) {

	/**
	 * A disk.
	 *
	 * @param name its name
	 * @param path the block device
	 * @param size its capacity
	 * @param dataMode how the data of requests is moved
	 * @param state where in its life it is
	 * @param paused whether arriving requests wait
	 * @param failure what went wrong, if something did
	 * @param operations what it offers, and how much of it was done
	 * @param queues its queues
	 * @param heat where it was used
	 */
	record Disk(String name, String path, long size, DataMode dataMode, DeviceState state, boolean paused,
			@Nullable String failure, List<Operation> operations, List<Queue> queues, Heat heat) {

	}

	/**
	 * The requests of one operation that were answered since the last frame.
	 *
	 * @param operation what they asked for
	 * @param requests per second
	 * @param errors those that failed, per second
	 * @param bytes per second, of those that succeeded
	 * @param dispatch microseconds of a request, on average, that it waited for others of
	 * its batch
	 * @param handler microseconds that the disk took
	 * @param handover microseconds that an answer waited for the queue's thread
	 * @param commit microseconds that an answer waited for the rest of its batch
	 */
	record Operation(BlockOperation operation, double requests, double errors, double bytes, double dispatch,
			double handler, double handover, double commit) {

	}

	/**
	 * A queue.
	 *
	 * @param queue its index
	 * @param depth how many tags it has
	 * @param inFlight how many were taken when the frame was made
	 * @param tags those that were taken at some time since the last frame
	 */
	record Queue(int queue, int depth, int inFlight, List<Tag> tags) {

	}

	/**
	 * A tag of a queue.
	 *
	 * @param tag its number
	 * @param share the part of the time that it was taken, more than 0 and at most 1
	 * @param operation what it was taken for when it was last seen
	 */
	record Tag(int tag, double share, BlockOperation operation) {

	}

	/**
	 * Where a disk was used since the last frame, by cells of equal size.
	 *
	 * @param cells how many cells the disk has
	 * @param cellSize the size of a cell; the last may be smaller
	 * @param touched the cells that were used
	 */
	record Heat(int cells, long cellSize, List<Cell> touched) {

	}

	/**
	 * A cell of a heat map.
	 *
	 * @param cell its index
	 * @param reads how many reads touched it
	 * @param writes how many writes did
	 * @param discards how many discards and requests to write zeros did
	 */
	record Cell(int cell, int reads, int writes, int discards) {

	}

}
