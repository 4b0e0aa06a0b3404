/* The commands of pump. Each takes what stands after its name; 2 means wrong usage. */
#ifndef BENCH_PUMP_COMMANDS_H
#define BENCH_PUMP_COMMANDS_H

int flood(int count, char **arguments);
int flows(int count, char **arguments);
int first(int count, char **arguments);
int respond(int count, char **arguments);
int request(int count, char **arguments);

#endif
