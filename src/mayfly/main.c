#include <unistd.h>
int main(void) { return (int)write(1, "x\n", 2) - 2; }
