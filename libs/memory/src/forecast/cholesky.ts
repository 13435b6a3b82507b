/**
 * Solves A x = b in place for a symmetric positive definite A of `size`, row by row; `vector` becomes x. Only the lower half of A is
 * read, and it becomes its factor. (Golub and Van Loan, Matrix Computations, 4.2)
 */
export function solveInPlace(matrix: Float64Array, vector: Float64Array, size: number): void {
  for (let column = 0; column < size; column += 1) {
    for (let row = column; row < size; row += 1) {
      let sum = matrix[row * size + column];
      for (let k = 0; k < column; k += 1) sum -= matrix[row * size + k] * matrix[column * size + k];
      if (row === column) {
        if (!(sum > 0)) throw new RangeError('the matrix is not positive definite: give the fit a ridge above 0');
        matrix[row * size + row] = Math.sqrt(sum);
      } else {
        matrix[row * size + column] = sum / matrix[column * size + column];
      }
    }
  }
  for (let row = 0; row < size; row += 1) {
    let sum = vector[row];
    for (let k = 0; k < row; k += 1) sum -= matrix[row * size + k] * vector[k];
    vector[row] = sum / matrix[row * size + row];
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = vector[row];
    for (let k = row + 1; k < size; k += 1) sum -= matrix[k * size + row] * vector[k];
    vector[row] = sum / matrix[row * size + row];
  }
}
