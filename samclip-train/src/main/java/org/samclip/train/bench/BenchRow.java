package org.samclip.train.bench;

/**
 * What was measured of one work. What does not apply is null.
 *
 * @param work its name
 * @param preset of the encoder
 * @param side of SAM's images in pixels
 * @param images of a SAM batch
 * @param prompts for each of them
 * @param clipBatch images of a CLIP batch
 * @param checkpointActivations whether blocks were computed again in the backward pass
 * @param threads of one operation
 * @param warmUp runs before the measured ones
 * @param repeats measured runs
 * @param minS seconds of the fastest
 * @param medianS seconds of the median
 * @param maxS seconds of the slowest
 * @param peakMb most resident memory of the process so far, 10^6 bytes
 * @param gflop 10^9 floating-point operations of matrix products in one run
 * @param gflopPerS of the median run
 * @param matmulGflopPerS rate of a large matrix product on this machine, now
 * @param matmulShare of that rate that the median run reached
 * @param imagesPerS of the median run
 * @param gbPerS 10^9 bytes a second of the median run
 */
public record BenchRow(
    String work,
    String preset,
    int side,
    int images,
    int prompts,
    int clipBatch,
    boolean checkpointActivations,
    int threads,
    int warmUp,
    int repeats,
    double minS,
    double medianS,
    double maxS,
    Double peakMb,
    Double gflop,
    Double gflopPerS,
    Double matmulGflopPerS,
    Double matmulShare,
    Double imagesPerS,
    Double gbPerS) {}
