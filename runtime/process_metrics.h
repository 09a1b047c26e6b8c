/* The metrics that every process has, as the kernel tells them. */
#ifndef RUNTIME_PROCESS_METRICS_H
#define RUNTIME_PROCESS_METRICS_H

/* Sets those that change; what cannot be read stays as it is. Any thread. */
void process_metrics_sample(void);

#endif
